"""Make docs/pictures/login-*.png: `make pictures`, where there is a Chromium.

Each picture has the digest of what it shows, so that a test finds one that is no longer current on
any machine, whatever its browser and fonts are.
"""

import asyncio
import base64
import hashlib
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Browser as Chromium
from playwright.async_api import Page

from cas_server.pages import templates
from cas_server.passwords.hashing import hash_password
from integration.cas_server.chromium import DESKTOP, PHONE, View, log_in, new_context, running
from integration.cas_server.code_flow import Browser
from integration.cas_server.world import BASIC, Cas, replicas
from redis_process import redis_port, store
from suitectl.root import ROOT

PICTURES = ROOT / "docs/pictures"
NAMES = ("login-phone.png", "login-account.png")
_KEYWORD = b"Source"
_PHONE = (PHONE[0], 620)
_SHOP: dict[str, Any] = {
    "token-endpoint-auth-method": "none",
    "authorized-grant-types": ["authorization_code", "refresh_token"],
    "redirect-uris": ["https://shop.example/callback"],
    "scope": ["profile", "orders.read", "orders.write"],
    "resource-ids": ["orders"],
}
_FRAME = """<!doctype html><style>
body { margin: 0; padding: 24px; display: inline-flex; gap: 24px; background: #c9d0de; }
img { display: block; width: WIDTHpx; border-radius: 14px; box-shadow: 0 6px 24px #0004; }
</style>"""


def identities() -> dict[str, Any]:
    """Return who logs in to what in the pictures."""
    hashed = hash_password(BASIC["alice"])
    return {
        "clients": {"shop": _SHOP, "shop-app": _SHOP},
        "users": {"alice": {"password": hashed, "name": "Alice Liddell"}},
        "pages": {
            "title": "Example Shop",
            "scopes": {"orders.read": "See your orders", "orders.write": "Place orders for you"},
        },
    }


async def make(browser: Chromium, cas: Cas) -> dict[str, bytes]:
    """Return the pictures by name."""
    login = await _login(browser, cas, View(_PHONE))
    consent = await _consent(browser, cas, View(_PHONE, dark=True))
    account = await _account(browser, cas, View((DESKTOP[0], 400)))
    pair = await _framed(browser, [login, consent], width=_PHONE[0])
    alone = await _framed(browser, [account], width=880)
    return dict(zip(NAMES, (_signed(pair), _signed(alone)), strict=True))


async def _login(browser: Chromium, cas: Cas, view: View) -> bytes:
    page = await (await new_context(browser, view)).new_page()
    await page.goto(_flow(cas, login_hint="alice"))
    return await page.screenshot()


async def _consent(browser: Chromium, cas: Cas, view: View) -> bytes:
    page = await (await new_context(browser, view)).new_page()
    await log_in(page, _flow(cas))
    await page.wait_for_selector("text=would like to")
    return await page.screenshot()


async def _account(browser: Chromium, cas: Cas, view: View) -> bytes:
    page = await (await new_context(browser, view)).new_page()
    await log_in(page, _flow(cas))
    await page.wait_for_selector("text=would like to")
    form = page.locator("form")
    fields = await form.locator("input").evaluate_all("all => all.map(i => [i.name, i.value])")
    await page.request.post(
        f"{cas.urls[0]}/oauth/authorize/consent",
        form={**dict(fields), "decision": "allow"},
        max_redirects=0,
    )
    await page.goto(f"{cas.urls[0]}/account")
    return await page.screenshot(full_page=True)


def _flow(cas: Cas, **more: str) -> str:
    client = Browser(cas, client="shop", redirect_uri=_SHOP["redirect-uris"][0])
    request = client.request(scope="profile orders.read orders.write", **more)
    return f"{cas.urls[0]}/oauth/authorize?{urlencode(request)}"


async def _framed(browser: Chromium, pictures: list[bytes], *, width: int) -> bytes:
    page: Page = await (await new_context(browser)).new_page()
    tags = (base64.b64encode(one).decode() for one in pictures)
    html = "".join(f'<img src="data:image/png;base64,{tag}">' for tag in tags)
    await page.set_content(_FRAME.replace("WIDTH", str(width)) + html)
    return await page.locator("body").screenshot()


def digest() -> str:
    """Return the digest of what the pictures show: templates and style sheet."""
    folder = Path(templates.__file__).parent / "templates"
    read = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        read.update(path.read_bytes())
    return read.hexdigest()


def source_of(picture: bytes) -> str:
    """Return the digest that is in a picture."""
    found = (data for kind, data in _chunks(picture) if kind == b"tEXt")
    return next((d.partition(b"\0")[2].decode() for d in found if d.startswith(_KEYWORD)), "")


def size_of(picture: bytes) -> tuple[int, int]:
    """Return width and height."""
    width, height = struct.unpack(">II", next(_chunks(picture))[1][:8])
    return width, height


def _signed(picture: bytes) -> bytes:
    """Add the digest behind the first chunk (PNG, 11.3.3.3)."""
    data = b"tEXt" + _KEYWORD + b"\0" + digest().encode()
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return picture[:33] + chunk + picture[33:]


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(picture):
        (length,) = struct.unpack(">I", picture[place : place + 4])
        yield picture[place + 4 : place + 8], picture[place + 8 : place + 8 + length]
        place += 12 + length


@asynccontextmanager
async def _world() -> Any:
    with tempfile.TemporaryDirectory() as name:
        (directory := Path(name) / "redis").mkdir()
        with redis_port(directory) as port:
            async with replicas(Path(name) / "config", identities(), store(port)) as cas:
                yield cas


async def _main() -> None:
    async with running() as browser, _world() as cas:
        for name, picture in (await make(browser, cas)).items():
            (PICTURES / name).write_bytes(picture)
            sys.stdout.write(f"docs/pictures/{name}: {len(picture):,} bytes\n")


if __name__ == "__main__":
    asyncio.run(_main())
