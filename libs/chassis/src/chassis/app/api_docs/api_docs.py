"""The routes of the document and of the page, with their headers."""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from chassis.app.api_docs.assets import ASSETS
from chassis.app.api_docs.page import POLICY, render
from chassis.app.api_docs.token_requests import TokenRequests
from chassis.app.state import Chassis

DOCUMENT, PAGE, TOKEN = "/openapi.json", "/docs", "/docs/token"
DOCS_PATHS = (DOCUMENT, PAGE, TOKEN, *(f"{PAGE}/{name}" for name in ASSETS))
"""The paths that are open under the profile `dev`."""

_OF_EACH = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
"""A browser asks each time, and gets a 304 while nothing has changed."""
_OF_PAGE = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}


class ApiDocs:
    """Serve the OpenAPI document that `document` builds, and Swagger UI on it."""

    def __init__(self, chassis: Chassis, document: Callable[[], dict[str, Any]]) -> None:
        self._chassis, self._document = chassis, document
        self._token_requests = TokenRequests(chassis)

    def routes(self) -> Sequence[Route]:
        """Return the routes of all `DOCS_PATHS`."""
        return (
            Route(DOCUMENT, self._openapi),
            Route(PAGE, self._page),
            Route(TOKEN, self._token, methods=["POST"]),
            *(Route(f"{PAGE}/{name}", self._asset) for name in ASSETS),
        )

    async def _openapi(self, request: Request) -> Response:
        body = json.dumps(self._document(), ensure_ascii=False, separators=(",", ":"))
        return _rendered(request.scope, body.encode(), "application/json")

    async def _page(self, request: Request) -> Response:
        title = f"{self._chassis.title} {self._chassis.version}"
        body = render(title, token_url=self._token_requests.url)
        return _rendered(request.scope, body, "text/html", _OF_PAGE)

    async def _token(self, request: Request) -> Response:
        _matched(request.scope)
        return await self._token_requests.forward(request)

    async def _asset(self, request: Request) -> Response:
        asset = ASSETS[_matched(request.scope).rpartition("/")[2]]
        headers = {**_OF_EACH, "ETag": f'"{await asset.digest()}"'}
        if _is_known(request.scope, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return FileResponse(asset.path, headers=headers, media_type=asset.media_type)


def _rendered(
    scope: Scope, body: bytes, media_type: str, more: Mapping[str, str] | None = None
) -> Response:
    _matched(scope)
    headers = {**_OF_EACH, **(more or {}), "ETag": f'"{sha256(body).hexdigest()}"'}
    if _is_known(scope, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _matched(scope: Scope) -> str:
    """Name the route for metrics and logs, which Starlette's own routes do not; return it."""
    path: str = scope["path"]
    scope["route"] = path
    return path


def _is_known(scope: Scope, etag: str) -> bool:
    """Return whether the caller has this version already (RFC 9110, 13.1.2)."""
    known = Headers(scope=scope).get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return not tags.isdisjoint((etag, "*"))
