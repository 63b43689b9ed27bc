"""Wait until a live configuration has followed a swap of its mounts."""

import asyncio
from collections.abc import Callable
from typing import Any

import anyio

from chassis.config.errors import ConfigError
from chassis.config.live import LiveConfig

_PATIENCE_S = 60.0
_POLL_S = 0.005


async def followed(live: LiveConfig[Any], swap: Callable[[], bool]) -> None:
    """Swap, and return once the new version is active, or waits for a restart.

    Raises the `ConfigError` by which the version is rejected; `TimeoutError` where nothing watches.
    """
    decided = live.status.durations_count
    if not swap():
        return
    mounted = live.source.read()
    with anyio.fail_after(_PATIENCE_S):
        while not live.is_active(mounted):
            status = live.status
            if status.pending_hash == mounted.hash and status.durations_count > decided:
                if not status.last_successful:
                    raise status.refused or ConfigError("can't be loaded; see the log")
                return
            await asyncio.sleep(_POLL_S)
