"""When to look at the mounts again: on kubelet's swap, on a timer, or by polling.

Watching the directory sees every swap; watching a file or `..data` itself goes dead after the
first one. The watcher drops what overflows, hence a look at least every `_IDLE_MS`.
"""

from collections.abc import AsyncIterator

import anyio
import structlog
import watchfiles
from watchfiles._rust_notify import WatchfilesRustInternalError

from chassis.config.source import ConfigSource

_STEP_MS, _DEBOUNCE_MS = 10, 100
_IDLE_MS = 1500
_FALLBACK_S = 1.0

_log = structlog.get_logger("chassis.config")


async def changes(
    source: ConfigSource, stop: anyio.Event, *, period: float | None = None
) -> AsyncIterator[str]:
    """Yield the watch mode whenever the mounts may differ, until `stop` is set.

    `period` in seconds asks for polling; without one, polling is what is left where the machine
    has no watcher to give.
    """
    if period is None and source.directories():
        try:
            async for mode in _events(source, stop):
                yield mode
        except (OSError, RuntimeError, WatchfilesRustInternalError) as error:
            _log.warning("no file watcher; polling each second", reason=str(error))
    async for mode in _polls(stop, period or _FALLBACK_S):
        yield mode


async def _events(source: ConfigSource, stop: anyio.Event) -> AsyncIterator[str]:
    async for _ in watchfiles.awatch(
        *source.directories(),
        watch_filter=None,
        recursive=False,
        step=_STEP_MS,
        debounce=_DEBOUNCE_MS,
        yield_on_timeout=True,
        rust_timeout=_IDLE_MS,
        stop_event=stop,
    ):
        yield "event"


async def _polls(stop: anyio.Event, period: float) -> AsyncIterator[str]:
    while not stop.is_set():
        yield "polling"
        with anyio.move_on_after(period):
            await stop.wait()
