"""The FastAPI application inside the chassis' middleware."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.app.error_handlers import server_error
from chassis.app.openapi import ServiceDocument
from chassis.app.route_errors import RouteErrors
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

    _lean: ASGIApp | None = None
    """What serves HTTP requests instead of `middleware_stack`, built with it."""

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
            self._lean = self._lean_stack()
        scope["app"] = self
        stack = self.middleware_stack
        if self._lean is not None and scope["type"] == "http":
            stack = self._lean
        return stack(scope, receive, send)

    def _lean_stack(self) -> ASGIApp | None:
        """Return the layer that replaces FastAPI's own, None where those do something more."""
        handlers = dict(self.exception_handlers)
        is_own = handlers.pop(Exception, None) is server_error
        is_own = is_own and HTTPStatus.INTERNAL_SERVER_ERROR not in handlers
        if not is_own or self.user_middleware or self.debug or self.max_body_size is not None:
            return None
        by_status = {key: one for key, one in handlers.items() if isinstance(key, int)}
        by_class = {key: one for key, one in handlers.items() if not isinstance(key, int)}
        return RouteErrors(self.router, (by_class, by_status))
