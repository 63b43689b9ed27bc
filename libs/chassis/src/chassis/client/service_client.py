"""Calls to one service."""

from typing import Any

import httpx


class ServiceClient:
    """Call one service by path; responses are httpx's.

    Every method raises `ServiceUnavailable` (503) without a response, `ServiceTimeout` (504) if it
    is late, and `UnusableResponse` (502) if it is too large; unhandled, they become the response
    of the current request. A response of any status is returned: check its status, or use
    `response.raise_for_status()`.
    """

    def __init__(self, http: httpx.AsyncClient, base_url: str, auth: httpx.Auth | None) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._auth = auth

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request; `options` are those of `httpx.AsyncClient.request`.

        `path` starts with one slash: a whole URL would carry the token to another host.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"{path!r}: a path starts with one slash")
        options.setdefault("auth", self._auth)
        return await self._http.request(method, self._base_url + path, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """Send a GET."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        """Send a POST; it is retried only if it was not sent."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> httpx.Response:
        """Send a PUT."""
        return await self.request("PUT", path, **options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:
        """Send a DELETE."""
        return await self.request("DELETE", path, **options)
