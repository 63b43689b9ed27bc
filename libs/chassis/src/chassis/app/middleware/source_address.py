"""The caller's address, where `server.forwarded` trusts proxies to tell it."""

from collections.abc import Awaitable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.app.middleware.forwarded import Forwarded
from chassis.config.live import LiveConfig, Snapshot
from chassis.config.sections import ForwardedSettings

_NO_PORT = 0


class SourceAddress:
    """Put the caller's address where ASGI has the peer's: `scope["client"]`, for all below.

    A change of the configuration counts from the next request on.
    """

    def __init__(self, app: ASGIApp, *, live: LiveConfig[Any]) -> None:
        self._app = app
        self._apply(live.settings.server.forwarded)
        live.on_change(self._changed)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on."""
        if self._forwarded is not None and scope["type"] == "http" and scope.get("client"):
            peer = scope["client"][0]
            address = self._forwarded.address(scope)
            if address != peer:
                scope["client"] = (address, _NO_PORT)
        return self._app(scope, receive, send)

    def _changed(self, snapshot: Snapshot[Any]) -> None:
        self._apply(snapshot.settings.server.forwarded)

    def _apply(self, settings: ForwardedSettings) -> None:
        self._forwarded = Forwarded(settings) if settings.trusted_proxies else None
