"""`SERVICE --reload`: run a command, and restart it when its sources change.

This file runs alone, `python -P reloading.py COMMAND...`, and imports nothing of the chassis: an
error in the chassis or the service must not end the watcher. For development only; such a service
refuses the profile prod.
"""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import NoReturn

import watchfiles

_WATCHED = "SUITE_RELOADING"
# A file sync writes one file after the other; writes within a step are one change.
_STEP_MS, _DEBOUNCE_MS, _POLL_MS = 100, 1000, 300
_STOP_S = 3.0
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_MOUNTS = ("CONFIG_DIR", "SECRETS_DIR")

Paths = frozenset[Path]


def take_over(flag: str) -> NoReturn:
    """Replace this process by a watcher of its own command line, without the flag."""
    arguments = [argument for argument in sys.orig_argv[1:] if argument != flag]
    watcher = [sys.executable, "-P", __file__, sys.executable, *arguments]
    os.execv(sys.executable, watcher)  # noqa: S606 - this very command line, without a shell


class Reloader:
    """Keep a command running until it exits with 0 or this process gets a signal."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._child: subprocess.Popen[bytes] | None = None
        self._ending, self._wake = False, asyncio.Event()

    async def run(self) -> int:
        """Return the exit code of the command's last run."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._signalled, number)
        watching = asyncio.create_task(self._watch())
        code = await self._keep_running()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        return code

    async def _keep_running(self) -> int:
        while True:
            self._wake.clear()
            code = await self._run_once()
            if not self._wake.is_set() and code:
                _print(f"ended with exit code {code}; waiting for the next change")
                await self._wake.wait()
            if self._ending or not self._wake.is_set():
                return code

    async def _run_once(self) -> int:
        # No byte code: it would hide a change saved within the same second.
        environ = {**os.environ, _WATCHED: "true", "PYTHONDONTWRITEBYTECODE": "1"}
        # A session of its own: the child gets a terminal's Ctrl-C once, forwarded.
        self._child = subprocess.Popen(self._command, env=environ, start_new_session=True)  # noqa: ASYNC220, S603 - returns at once; the command is the caller's
        code = await asyncio.to_thread(self._child.wait)
        _end_orphans()
        self._child = None
        return code if code >= 0 else 128 - code

    async def _watch(self) -> None:
        """Restart the command at each change that compiles; until then it keeps running."""
        unread: set[Path] = set()
        async for changed in self._changes():
            unread |= changed
            _print("changed: " + ", ".join(sorted(path.name for path in changed)))
            if errors := [line for path in sorted(unread) for line in _syntax_errors(path)]:
                _print("; ".join(errors))
                continue
            for path in unread:
                _forget_byte_code(path)
            unread.clear()
            self._wake.set()
            self._stop()

    async def _changes(self) -> AsyncIterator[Paths]:
        for polling in (False, True):
            watcher = watchfiles.awatch(
                *sources(sys.path),
                *_mounts(),
                watch_filter=_Filter(self),
                step=_STEP_MS,
                debounce=_DEBOUNCE_MS,
                force_polling=polling or None,
                poll_delay_ms=_POLL_MS,
            )
            try:
                async for changes in watcher:
                    yield frozenset(Path(path) for _, path in changes)
            except OSError as error:  # the node's inotify limit is reached
                _print(f"no file watcher ({error}), polling")

    @property
    def is_down(self) -> bool:
        """Return whether the command has ended and waits for a change."""
        return self._child is None

    def _stop(self) -> None:
        """Stop the command at once; kill it if it does not react, as at a breakpoint."""
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)
            # Not a second SIGTERM: pending signals of one kind merge.
            self._child.send_signal(signal.SIGINT)
            asyncio.get_running_loop().call_later(_STOP_S, self._child.kill)

    def _signalled(self, number: int) -> None:
        """Forward the signal, and end with the command."""
        self._ending = True
        self._wake.set()
        if self._child is not None:
            self._child.send_signal(number)


class _Filter(watchfiles.DefaultFilter):
    """Watch sources always, mounts only while the command is down: it watches them itself."""

    def __init__(self, reloader: Reloader) -> None:
        super().__init__()
        self._reloader, self._mounts = reloader, tuple(_mounts())

    def __call__(self, change: watchfiles.Change, path: str) -> bool:
        if any(Path(path).is_relative_to(mount) for mount in self._mounts):
            return self._reloader.is_down
        return super().__call__(change, path)


def sources(import_path: Iterable[str]) -> Iterator[Path]:
    """Yield the folders of an import path outside the Python installation."""
    installed = {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
    for text in dict.fromkeys(import_path):
        folder = Path(text or ".").resolve()
        if folder.is_dir() and not any(folder.is_relative_to(place) for place in installed):
            yield folder


def _mounts() -> Iterator[Path]:
    for name in _MOUNTS:
        if (place := Path(os.environ.get(name) or "/nonexistent")).is_dir():
            yield place.resolve()


def _forget_byte_code(path: Path) -> None:
    """Remove a source's byte code, which identifies it by second and length only.

    An earlier run may have written it within the second of the change.
    """
    with suppress(OSError):
        Path(cache_from_source(path)).unlink()


def _syntax_errors(path: Path) -> Iterator[str]:
    if path.suffix != ".py" or not path.is_file():
        return
    try:
        compile(path.read_bytes(), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        yield f"{path}:{error.lineno}: {error.msg}; keeping the previous version"
    except ValueError as error:  # null bytes
        yield f"{path}: {error}; keeping the previous version"


def _adopt_orphans() -> None:
    """Become the parent of the command's orphans, like process 1 of a container."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _end_orphans() -> None:
    """Kill the command's orphans, such as a debugger's helper that occupies its port."""
    while children := tuple(_children()):
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(child, 0)


def _children() -> Iterator[int]:
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            yield from map(int, file.read_text().split())


def _print(text: str) -> None:
    sys.stderr.write(f"reload: {text}\n")
    sys.stderr.flush()


def main() -> int:
    """Run the command in the arguments."""
    if not sys.argv[1:]:
        _print("which command? usage: python -P reloading.py COMMAND [ARGUMENT ...]")
        return 2
    _adopt_orphans()
    return asyncio.run(Reloader(sys.argv[1:]).run())


if __name__ == "__main__":
    sys.exit(main())
