"""Which fast paths are served at the protocol, and when: see `http_server/direct`."""

from collections.abc import Mapping
from typing import Any

from chassis.app.idle_layers import are_idle
from chassis.config.live import LiveConfig, Snapshot
from chassis.http_server.accounting import Accounting
from chassis.http_server.direct import DirectEndpoint, DirectPath, DirectPaths


def direct_paths(
    live: LiveConfig[Any], fast_paths: Mapping[str, object], accounting: Accounting
) -> DirectPaths | None:
    """Return the fast paths that are direct endpoints as well, None where there are none.

    They are off while a layer of the application would do something.
    """
    server = live.settings.server
    prefix = server.servlet.context_path.strip("/")
    below = f"/{prefix}" if prefix else ""
    paths = [
        DirectPath(
            uri,
            endpoint,
            accounting,
            limit=min(server.max_body_size, endpoint.max_body),
            below=below,
        )
        for uri, endpoint in fast_paths.items()
        if isinstance(endpoint, DirectEndpoint)
    ]
    if not paths:
        return None
    direct = DirectPaths(paths)

    def follow(snapshot: Snapshot[Any]) -> None:
        direct.switch(on=are_idle(snapshot.settings))

    follow(live.current)
    live.on_change(follow)
    return direct
