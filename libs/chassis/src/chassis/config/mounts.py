"""A mounted ConfigMap or Secret: read all files of one version, and watch for the next one.

A watch on the directory sees every swap; one on a file or on `..data` ends with the first swap.
The watcher drops overflow events, hence a check at least every `_IDLE_MS`
(docs/design/runtime.md, "Watching a mount").
"""

import logging
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path

import anyio
import structlog
from watchfiles._rust_notify import WatchfilesRustInternalError
from watchfiles.main import Change, awatch

from chassis.config.errors import ConfigError

_ATTEMPTS = 20
_VERSION = "..data"
_MAX_BYTES = 4 * 1024 * 1024
"""A ConfigMap or Secret holds 1 MiB; a projected volume joins several."""

_SWAP_STEP_MS, _PLAIN_STEP_MS, _DEBOUNCE_MS = 5, 20, 200
"""The watcher looks for events each step, and yields after one without any.

A swap is complete when it is seen; files that are written in place need a longer rest.
"""
_IDLE_MS = 1000
_FALLBACK_S = 1.0
_REARM_S = 60.0

_log = structlog.get_logger("chassis.config")


def read_mount(directory: Path | None) -> Mapping[str, bytes]:
    """Return the directory's files by name; empty without a directory.

    kubelet removes the old version right after the swap, file by file, so the files are valid only
    if the version is still the same after reading. Raise `ConfigError` after too many swaps.
    """
    if directory is None or not directory.is_dir():
        return {}
    for _ in range(_ATTEMPTS):
        version = _version(directory)
        try:
            files = _read(directory / version)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unreadable(directory, error) from error
        if _version(directory) == version:
            return files
    raise ConfigError("changes faster than it can be read", file=str(directory), kind="read")


def fingerprint(directory: Path | None) -> object:
    """Return a value that changes with the directory's version, at a cost of about 1 µs."""
    if directory is None:
        return None
    return _version(directory) or _plain_fingerprint(directory)


def _version(directory: Path) -> str:
    """Return the version that kubelet linked; empty in a directory without kubelet."""
    try:
        return os.readlink(directory / _VERSION)  # noqa: PTH115 - 1 µs against 10
    except OSError:
        return ""


def _read(version: Path) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    left = _MAX_BYTES
    for path in sorted(version.iterdir()):
        if not path.name.startswith("..") and path.is_file():
            files[path.name] = _content(path, left)
            left -= len(files[path.name])
    return files


def _content(path: Path, left: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(left + 1)
    if len(content) > left:
        reason = f"makes its mount larger than {_MAX_BYTES} bytes"
        raise ConfigError(reason, file=path.name, kind="parse")
    return content


def _unreadable(directory: Path, error: OSError) -> ConfigError:
    reason = f"can't be read: {error.strerror}"
    return ConfigError(reason, file=str(error.filename or directory), kind="read")


def _plain_fingerprint(directory: Path) -> object:
    """Return names, inodes, times and sizes of a directory without kubelet."""
    try:
        found = [(entry.name, entry.stat()) for entry in os.scandir(directory)]
    except OSError:
        return None
    return tuple(sorted((name, s.st_ino, s.st_mtime_ns, s.st_size) for name, s in found))


async def changes(
    directories: Callable[[], list[Path]], stop: anyio.Event, *, period: float | None = None
) -> AsyncGenerator[str, None]:
    """Yield the watch mode whenever the mounts may have changed, until `stop` is set.

    `directories` returns the existing mounts. With a `period` in seconds they are polled. Without
    one, the fallback is polling each second, if no watcher is available or nothing is mounted.
    """
    while not stop.is_set():
        if period is None and (places := directories()):
            async with aclosing(_events(places, stop)) as events:
                async for _ in events:
                    yield "event"
        lasting = _REARM_S if period is None else float("inf")
        async with aclosing(_polls(stop, period or _FALLBACK_S, lasting)) as polls:
            async for _ in polls:
                yield "polling"


async def _events(places: list[Path], stop: anyio.Event) -> AsyncGenerator[None, None]:
    """Yield at each change and each second; end if watching is not possible."""
    _quiet_watchfiles()
    watcher = awatch(
        *places,
        watch_filter=_is_relevant,
        recursive=False,
        step=_SWAP_STEP_MS if all(map(_version, places)) else _PLAIN_STEP_MS,
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


def _quiet_watchfiles() -> None:
    """Set the library's log level to WARNING unless configured: the chassis logs changes."""
    log = logging.getLogger("watchfiles.main")
    if log.level == logging.NOTSET:
        log.setLevel(logging.WARNING)


def _is_relevant(_: Change, path: str) -> bool:
    """Ignore kubelet's steps before and after the atomic rename."""
    name = Path(path).name
    return name == "..data" or not name.startswith("..")


async def _polls(stop: anyio.Event, period: float, lasting: float) -> AsyncGenerator[None, None]:
    """Yield once per period, for `lasting` seconds."""
    ends = anyio.current_time() + lasting
    while not stop.is_set() and anyio.current_time() < ends:
        yield
        with anyio.move_on_after(period):
            await stop.wait()
