"""Layers that have nothing to do for most requests to fast paths, and the way that skips them.

Each layer costs a request up to a microsecond, a tenth of what an endpoint of `fast_paths` takes
itself.
"""

from collections.abc import Awaitable, Collection
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.config.live import LiveConfig, Snapshot

_LAYERED_METHODS = frozenset(("HEAD", "OPTIONS"))


def are_idle(settings: Any) -> bool:
    """Return whether no layer does anything: CORS, trusted proxies, injected faults.

    The layers for HEAD, preflights and malformed paths depend on the request alone.
    """
    server, faults = settings.server, settings.faults
    return not (
        server.cors.allowed_origins
        or server.forwarded.trusted_proxies
        or faults.latency_ms
        or faults.error_rate
    )


class ShortWay:
    """Serve exact paths by `short` while the layers are idle, and all else by `layers`."""

    def __init__(
        self, layers: ASGIApp, short: ASGIApp, live: LiveConfig[Any], *, paths: Collection[str]
    ) -> None:
        self._layers, self._short, self._paths = layers, short, frozenset(paths)
        self._follow(live.current)
        live.on_change(self._follow)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request (ASGI)."""
        if (
            self._is_idle
            and scope["type"] == "http"
            and scope["path"] in self._paths
            and scope["method"] not in _LAYERED_METHODS
        ):
            return self._short(scope, receive, send)
        return self._layers(scope, receive, send)

    def _follow(self, snapshot: Snapshot[Any]) -> None:
        self._is_idle = are_idle(snapshot.settings)
