"""Log files of containers: the running one's, the one's before, bounded in size."""

import os
from pathlib import Path

LIMIT_BYTES = 20 * 1024 * 1024
KEPT_BYTES = 1024 * 1024


class LogFile:
    """Where a container's output goes, a file per run of which two are kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.previous = path.with_suffix(".previous.log")

    def open(self) -> int:
        """Start the file of a new run; return its descriptor, which the caller closes."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self.path.replace(self.previous)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC
        return os.open(self.path, flags, 0o600)

    def trim(self) -> None:
        """Cut a file that has grown too long to its last part; the writer appends on."""
        try:
            size = self.path.stat().st_size
        except OSError:
            return
        if size > LIMIT_BYTES:
            with self.path.open("r+b") as file:
                file.seek(size - KEPT_BYTES)
                rest = file.read()
                file.truncate(0)
                file.seek(0)
                file.write(rest[rest.find(b"\n") + 1 :])
