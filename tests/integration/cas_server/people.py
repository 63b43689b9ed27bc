"""A person's browser as far as HTTP goes: it keeps cookies and sends forms as they are."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx

from integration.cas_server.world import BASIC, Cas

LOGIN_FORM = {"username": "alice", "password": BASIC["alice"]}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
_BUTTON = re.compile(r'<button type="submit" name="([^"]*)" value="([^"]*)"')


@dataclass
class Person:
    """Somebody at a browser; `replica` serves their requests."""

    cas: Cas
    replica: int = 0
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.send("GET", path, headers)

    async def post(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        return await self.send("POST", path, headers, data=form)

    async def send(
        self, method: str, path: str, headers: dict[str, str], **more: Any
    ) -> httpx.Response:
        """Send a request with this browser's cookies, and keep those of the response."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Accept": "text/html,*/*;q=0.8", "Cookie": cookie}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.cas.urls[self.replica] + path
        response = await self.cas.http.request(method, url, headers=sent, **more)
        for header in response.headers.get_list("set-cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        return response

    async def log_in(self, path: str = "/login", **change: str) -> httpx.Response:
        """Fill in the login form that a path shows, and send it."""
        page = await self.get(path)
        fields = hidden(page) | LOGIN_FORM | change
        return await self.post("/login", {n: v for n, v in fields.items() if v})

    async def press(self, page: httpx.Response, name: str, value: str = "") -> httpx.Response:
        """Press a button of a page."""
        pressed = next(v for n, v in buttons(page) if n == name and value in ("", v))
        path = urlsplit(str(page.url)).path
        return await self.post(path, {**hidden(page), name: pressed})


def hidden(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a page."""
    return {unescape(name): unescape(value) for name, value in _HIDDEN.findall(page.text)}


def buttons(page: httpx.Response) -> list[tuple[str, str]]:
    """Return the names and values of a page's buttons."""
    return [(unescape(name), unescape(value)) for name, value in _BUTTON.findall(page.text)]
