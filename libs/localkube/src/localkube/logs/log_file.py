"""A container's log: its lines so far, and what is added, over restarts and beyond its end."""

import os
from pathlib import Path
from typing import Any, BinaryIO

from localkube.api.objects import DIRECTORY


class LogFile:
    """Reads a log again and again; what was opened can be read to its end when it is deleted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._rest = b""

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def added(self) -> list[str]:
        """Return the whole lines that were added; a restarted container has a new file."""
        lines = self._lines()
        if self._has_successor():
            lines += [*self.rest(), *self._lines()]
        return lines

    def rest(self) -> list[str]:
        """Return the last lines of a log that ends, the incomplete one too."""
        lines = [*self._lines(), *_decoded([self._rest] if self._rest else [])]
        self._rest = b""
        self.close()
        return lines

    def _lines(self) -> list[str]:
        if self._file is None:
            try:
                self._file = self.path.open("rb")
            except OSError:
                return []
        # A log that was cut to its last lines: what stays of it has been read.
        size = os.fstat(self._file.fileno()).st_size
        if size < self._file.tell():
            self._file.seek(size)
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        return _decoded(lines)

    def _has_successor(self) -> bool:
        try:
            current = self.path.stat()
        except OSError:
            return False
        return self._file is None or not os.path.samestat(current, os.fstat(self._file.fileno()))


def log_directory(pod: Any) -> Path:
    """Return the directory with a pod's logs."""
    return Path(pod["metadata"]["annotations"][DIRECTORY]) / "logs"


def _decoded(lines: list[bytes]) -> list[str]:
    return [line.decode(errors="replace") for line in lines]
