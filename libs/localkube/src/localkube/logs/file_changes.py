"""Wake up when files of directories change: by inotify(7) on Linux, else after a while."""

import contextlib
import ctypes
import os
from pathlib import Path
from typing import Self

PERIOD_S = 0.1
"""Seconds after which to look where the system tells nothing."""
_CHUNK_BYTES = 64 * 1024
# linux/inotify.h
_MODIFY, _MOVED_TO, _CREATE = 0x2, 0x80, 0x100


class FileChanges:
    """The changes in some directories, without saying which: the reader looks at its files."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        init = getattr(self._libc, "inotify_init1", None)
        self._descriptor = -1 if init is None else int(init(os.O_NONBLOCK | os.O_CLOEXEC))
        self._watched: set[Path] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Return what becomes readable with a change; nothing where the system tells nothing."""
        return (self._descriptor,) if self._descriptor >= 0 else ()

    @property
    def period(self) -> float | None:
        """Return after how many seconds to look all the same; None for never."""
        return None if self._descriptor >= 0 else PERIOD_S

    def add(self, directory: Path) -> None:
        """Watch a directory; one that does not exist yet can be added again."""
        if self._descriptor < 0 or directory in self._watched:
            return
        wanted = _MODIFY | _MOVED_TO | _CREATE
        watch = self._libc.inotify_add_watch(self._descriptor, os.fsencode(directory), wanted)
        if watch >= 0:
            self._watched.add(directory)

    def forget(self, directory: Path) -> None:
        """Forget a directory that is gone; the system has forgotten it by itself."""
        self._watched.discard(directory)

    def clear(self) -> None:
        """Take the changes so far; to be called before the files are read."""
        with contextlib.suppress(BlockingIOError):
            while self._descriptor >= 0:
                os.read(self._descriptor, _CHUNK_BYTES)
