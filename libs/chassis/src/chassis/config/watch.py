"""When to look at the mounts again: on kubelet's swap, on a timer, or by polling.

Watching the directory sees every swap; watching a file or `..data` itself goes dead after the
first one. The watcher drops what overflows, hence a look at least every `_IDLE_MS`
(docs/design/runtime.md, "Watching a mount").
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import anyio
import structlog
import watchfiles
from watchfiles._rust_notify import WatchfilesRustInternalError

from chassis.config.source import ConfigSource

_STEP_MS, _DEBOUNCE_MS = 20, 200
_IDLE_MS = 1000
_FALLBACK_S = 1.0
_REARM_S = 60.0

_log = structlog.get_logger("chassis.config")


async def changes(
    source: ConfigSource, stop: anyio.Event, *, period: float | None = None
) -> AsyncGenerator[str, None]:
    """Yield the watch mode whenever the mounts may differ, until `stop` is set.

    `period` in seconds asks for polling; without one, polling each second is what is left while
    the machine has no watcher to give, or nothing is mounted yet.
    """
    while not stop.is_set():
        if period is None and (places := source.directories()):
            async with aclosing(_events(places, stop)) as events:
                async for _ in events:
                    yield "event"
        lasting = _REARM_S if period is None else float("inf")
        async with aclosing(_polls(stop, period or _FALLBACK_S, lasting)) as polls:
            async for _ in polls:
                yield "polling"


async def _events(places: list[Path], stop: anyio.Event) -> AsyncGenerator[None, None]:
    """Yield at each change and each second; end where watching is not possible."""
    _quieten()
    watcher = watchfiles.awatch(
        *places,
        watch_filter=_counts,
        recursive=False,
        step=_STEP_MS,
        debounce=_DEBOUNCE_MS,
        yield_on_timeout=True,
        rust_timeout=_IDLE_MS,
        stop_event=stop,
    )
    try:
        async with aclosing(watcher):
            async for _ in watcher:
                yield
    except (OSError, RuntimeError, WatchfilesRustInternalError) as error:
        _log.warning("no file watcher, polling each second", reason=str(error))


def _quieten() -> None:
    """Keep the library from saying at INFO what is said here, unless somebody asked for it."""
    log = logging.getLogger("watchfiles.main")
    if log.level == logging.NOTSET:
        log.setLevel(logging.WARNING)


def _counts(_: watchfiles.Change, path: str) -> bool:
    """Leave out what kubelet does before and after its one atomic step."""
    name = Path(path).name
    return name == "..data" or not name.startswith("..")


async def _polls(stop: anyio.Event, period: float, lasting: float) -> AsyncGenerator[None, None]:
    """Yield once a period, for a while."""
    ends = anyio.current_time() + lasting
    while not stop.is_set() and anyio.current_time() < ends:
        yield
        with anyio.move_on_after(period):
            await stop.wait()
