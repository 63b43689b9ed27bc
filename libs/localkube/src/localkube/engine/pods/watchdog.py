"""A process that kills the pods' processes when localkube itself is killed.

It reads lines `+PGID` and `-PGID`. When the pipe ends, it kills the remaining process groups. It
inherits the state directory's lock and the claimed network, so that both stay taken until the
last process has ended.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence


class Watchdog:
    """Starts the watchdog process and sends it the process groups."""

    def __init__(self, inherited: Sequence[int]) -> None:
        self._inherited = tuple(inherited)
        self._groups: set[int] = set()
        self._start()

    def add(self, group: int) -> None:
        """Add a process group to kill."""
        self._groups.add(group)
        self._send(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Remove a process group."""
        self._groups.discard(group)
        self._send(f"-{group}\n")

    def close(self) -> None:
        """Kill the remaining process groups and await the watchdog's end."""
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._process.wait()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # this file
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=self._inherited,
            bufsize=0,
        )
        assert self._process.stdin is not None  # noqa: S101  # for the type checker
        self._pipe = self._process.stdin

    def _send(self, line: str) -> None:
        try:
            self._pipe.write(line.encode())
        except OSError:
            # The watchdog was killed: start another one.
            self._process.wait()
            self._start()
            self._pipe.write("".join(f"+{group}\n" for group in self._groups).encode())


def main() -> None:
    """Read standard input until it ends, then kill the remaining process groups."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        change = groups.add if line[0] == "+" else groups.discard
        change(int(line[1:]))
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
