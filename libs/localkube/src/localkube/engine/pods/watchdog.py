"""The process that outlives a killed localkube and leaves none of its pods behind.

It reads `+PGID` and `-PGID` lines. When the pipe ends, for whatever reason, it kills the process
groups that are left. It inherits the state's lock and the claimed network, so that neither is
free before the last process is gone.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence


class Watchdog:
    """The handle localkube holds on it."""

    def __init__(self, inherited: Sequence[int]) -> None:
        self._inherited = tuple(inherited)
        self._groups: set[int] = set()
        self._start()

    def add(self, group: int) -> None:
        """Have a process group killed should localkube die."""
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Forget a process group."""
        self._groups.discard(group)
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Let it kill what is left, and await its end."""
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

    def _tell(self, line: str) -> None:
        try:
            self._pipe.write(line.encode())
        except OSError:
            # It was killed; another one takes over.
            self._process.wait()
            self._start()
            self._pipe.write("".join(f"+{group}\n" for group in self._groups).encode())


def main() -> None:
    """Watch standard input until it ends."""
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
