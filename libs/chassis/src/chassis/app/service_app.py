"""The FastAPI application inside the chassis' middleware."""

from collections.abc import Awaitable
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.app.openapi import ServiceDocument
from chassis.config.live import Snapshot
from chassis.http_server.direct import DirectPaths


class ServiceApp(FastAPI):
    """A FastAPI application inside the chassis' middleware."""

    layers: ASGIApp
    document: ServiceDocument
    direct: DirectPaths | None
    """Endpoints that are served at the protocol."""

    _is_observed: bool | None = None
    """Whether OpenTelemetry observes requests; unknown before the first one."""

    def openapi(self) -> dict[str, Any]:
        """Return the document of the routes and the fast paths."""
        if self.openapi_schema is None:
            self.document.complete(super().openapi(), self.routes)
        return super().openapi()

    def forget_openapi(self, _: Snapshot[Any]) -> None:
        """Rebuild the document later: a reload may open or close a path."""
        self.openapi_schema = None

    def __call__(  # type: ignore[override]  # awaitable as before, with one coroutine less
        self, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Serve a request through all layers (ASGI)."""
        return self.layers(scope, receive, send)

    def routes_only(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request without the middleware.

        FastAPI asks OpenTelemetry at each request for three providers, a tenth of the time of a
        small one. A process sets them once and before it serves, so the first request asks for all.
        """
        if scope["type"] == "lifespan":
            return super().__call__(scope, receive, send)
        if self._is_observed is None:
            self._is_observed = self._native_telemetry.enabled() or bool(self.root_path)
        if self._is_observed:
            return super().__call__(scope, receive, send)
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        scope["app"] = self
        return self.middleware_stack(scope, receive, send)
