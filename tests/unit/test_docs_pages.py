"""`/docs` of every service: open in development, and whole without a network."""

import re
import sys
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from chassis import Authentication
from chassis.testing import StaticTokenServices
from service_apps import application, configured
from suitectl.catalogue import on_chassis

pytestmark = pytest.mark.anyio
PAGE, DOCUMENT, TOKEN = "/docs", "/openapi.json", "/docs/token"
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
}
NO_REDIS = {"spring.data.redis.host": "127.0.0.1", "spring.data.redis.port": "1"}
TOKENS = StaticTokenServices({"valid": Authentication(client_id="app")})


def client_of(service: str, *profiles: str, ignores: str = "") -> httpx.AsyncClient:
    flags = {**NO_REDIS, **({"security.path.ignores": ignores} if ignores else {})}
    live = configured(service, flags, profiles)
    transport = httpx.ASGITransport(application(service, live, TOKENS))
    return httpx.AsyncClient(transport=transport, base_url="http://service")


@pytest.fixture(params=list(on_chassis()))
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def dev(service: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(service, "dev") as client:
        yield client


class Page(HTMLParser):
    """What a page loads, and what would need a policy that allows inline code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[tuple[str, str]] = []
        self.inline: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self._open = tag
        if tag == "script":
            self.loaded.append(("script-src", given["src"]))
        if tag == "link":
            directive = {"stylesheet": "style-src", "icon": "img-src"}[given["rel"]]
            self.loaded.append((directive, given["href"]))

    def handle_data(self, data: str) -> None:
        if self._open in {"script", "style"} and data.strip():
            self.inline.append(data)


def policy(response: httpx.Response) -> dict[str, list[str]]:
    directives = response.headers["Content-Security-Policy"].split("; ")
    return {name: sources for name, *sources in (text.split() for text in directives)}


async def test_all_that_the_page_loads_comes_from_the_service(dev: httpx.AsyncClient) -> None:
    response = (await dev.get(PAGE)).raise_for_status()
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    assert {kind for kind, _ in page.loaded} == {"script-src", "style-src", "img-src"}
    for directive, address in page.loaded:
        assert "'self'" in policy(response)[directive]
        asset = await dev.get(str(response.url.join(address)))
        assert asset.status_code == 200, address
        assert asset.headers["Content-Type"] == TYPES[address.rpartition(".")[2]]
        assert asset.headers["X-Content-Type-Options"] == "nosniff"
        assert asset.content
        if directive == "style-src":  # a style sheet loads more
            assert re.sub(r"url\(['\"]?data:", "", asset.text).count("url(") == 0
            assert "@import" not in asset.text


async def test_the_page_needs_no_inline_code_and_allows_none(dev: httpx.AsyncClient) -> None:
    response = await dev.get(PAGE)
    assert Page(response.text).inline == []
    directives = policy(response)
    assert directives["default-src"] == ["'none'"]
    assert {name for name in directives if name.endswith("-src")} >= {"script-src", "connect-src"}
    sources = {source for listed in directives.values() for source in listed}
    assert sources == {"'none'", "'self'", "data:"}
    assert [name for name, listed in directives.items() if "data:" in listed] == ["img-src"]


async def test_the_page_shows_the_document_of_the_service(
    service: str, dev: httpx.AsyncClient
) -> None:
    response = await dev.get(PAGE)
    assert f"<title>{service} " in response.text
    (address,) = re.findall(r'data-document="([^"]+)"', response.text)
    document = (await dev.get(str(response.url.join(address)))).json()
    assert document["info"]["title"] == service
    assert document["servers"] == [{"url": "/"}]


async def test_a_known_version_is_not_sent_again(dev: httpx.AsyncClient) -> None:
    page = await dev.get(PAGE)
    for path in (PAGE, DOCUMENT, *(f"/{address}" for _, address in Page(page.text).loaded)):
        first = await dev.get(path)
        assert first.headers["Cache-Control"] == "no-cache"
        etag = first.headers["ETag"]
        for known in (etag, f'"other", W/{etag}', "*"):
            again = await dev.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b""), path
            assert again.headers["ETag"] == etag
        assert (await dev.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_head_has_the_headers_of_get(dev: httpx.AsyncClient) -> None:
    page = await dev.get(PAGE)
    for path in (PAGE, DOCUMENT, *(f"/{address}" for _, address in Page(page.text).loaded)):
        got, head = await dev.get(path), await dev.head(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("Content-Type", "Content-Length", "ETag"):
            assert head.headers[name] == got.headers[name], path


@pytest.mark.parametrize("profiles", [(), ("test",)], ids=["none", "test"])
async def test_outside_of_development_all_of_it_needs_a_token(
    service: str, profiles: tuple[str, ...]
) -> None:
    async with client_of(service, *profiles) as client, client_of(service, "dev") as dev:
        page = await dev.get(PAGE)
        for path in (PAGE, DOCUMENT, *(f"/{address}" for _, address in Page(page.text).loaded)):
            assert (await client.get(path)).status_code == 401, path
        assert (await client.post(TOKEN, data={"grant_type": "password"})).status_code == 401


async def test_an_opened_page_outside_of_development_forwards_no_token_request(
    service: str,
) -> None:
    async with client_of(service, "test", ignores="/**") as client:
        assert (await client.get(DOCUMENT)).status_code == 200
        assert "data-token-url" not in (await client.get(PAGE)).text
        assert (await client.post(TOKEN, data={"grant_type": "password"})).status_code == 404


async def test_authorizing_fails_at_once_where_the_authorization_server_is_away(
    service: str, tmp_path: Path
) -> None:
    (tmp_path / "nobody").write_text("{}")
    flags = {"discovery.mode": "static", "discovery.table": str(tmp_path / "nobody")}
    live = configured(service, {**NO_REDIS, **flags}, ("dev",))
    has_one = live.settings.security.oauth2.client.access_token_uri is not None
    transport = httpx.ASGITransport(application(service, live, TOKENS))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        response = await client.post(TOKEN, data={"grant_type": "client_credentials"})
    assert response.status_code == (503 if has_one else 404)
    assert ("Retry-After" in response.headers) is has_one


async def test_the_page_brings_no_code_into_the_service(dev: httpx.AsyncClient) -> None:
    page = await dev.get(PAGE)
    for _, address in Page(page.text).loaded:
        await dev.get(f"/{address}")
    assert "fastapi_swagger" not in sys.modules
