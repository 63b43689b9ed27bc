"""Commands under a terminal and under a pipe, with a step that lasts as long as the test wants.

The slow program of a step opens a FIFO for reading, and so blocks until the test opens it for
writing. What is measured is the order of events: progress comes while nothing else happens.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ENOUGH = 3
"""Signs of progress after which a step may end."""
PATIENCE_S = 120.0
_MOVING = re.compile(r"\x1b\[K ?\S (.+?)  (?:\d+ min )?\d+ s")
_LINE = re.compile(r"^(.+) … (?:\d+ min )?\d+ s\r?$", re.MULTILINE)
_ESCAPES = re.compile(r"\x1b\[[^A-Za-z]*[A-Za-z]")


@dataclass(slots=True)
class Watched:
    """A running command; `gate` is the FIFO of its slow step."""

    process: "subprocess.Popen[bytes]"
    source: int
    terminal: bool
    gate: Path
    text: str = ""
    _released: list[int] = field(default_factory=list)

    @property
    def progress(self) -> list[str]:
        """Return what was shown as going on, once for each time."""
        return (_MOVING if self.terminal else _LINE).findall(self.text)

    def await_progress(self, of: str, times: int = ENOUGH) -> None:
        """Read until a step was shown as going on so many times, while it goes on."""
        self._read_until(lambda: sum(of in one for one in self.progress) >= times, of)

    def await_text(self, text: str) -> None:
        """Read until a text was printed."""
        self._read_until(lambda: text in self.text, text)

    def release(self) -> None:
        """Let the slow step end."""
        self._released.append(os.open(self.gate, os.O_RDWR))
        os.write(self._released[-1], b"\n")

    def type(self, text: str) -> None:
        """Type at the terminal, which echoes it between what the command prints."""
        os.write(self.source, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        with contextlib.suppress(EOFError):
            self._read_until(lambda: False, "its end")
        return self.process.wait()

    @property
    def screen(self) -> list[str]:
        """Return the lines that stay on the terminal."""
        lines = [""]
        for part in re.split(r"(\r\x1b\[K|\r?\n)", self.text):
            if part.endswith("\n"):
                lines.append("")
            elif part == "\r\x1b[K":
                lines[-1] = ""
            else:
                lines[-1] += part
        return [_ESCAPES.sub("", line).rstrip() for line in lines]

    def _read_until(self, seen: Callable[[], bool], what: str) -> None:
        while not seen():
            ready, _, _ = select.select([self.source], [], [], PATIENCE_S)
            assert ready, f"{what} was not seen in:\n{self.text}"
            try:
                chunk = os.read(self.source, 65536)
            except OSError:  # the terminal of a program that has ended
                chunk = b""
            if not chunk:
                raise EOFError(f"ended before {what}:\n{self.text}")
            self.text += chunk.decode()


@contextlib.contextmanager
def watched(
    command: Sequence[str],
    directory: Path,
    *,
    terminal: bool,
    columns: int = 80,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Watched]:
    """Start a command in a session of its own, and end it with the block."""
    gate = directory / "gate"
    if not gate.exists():
        os.mkfifo(gate)
    source, theirs = pty.openpty() if terminal else os.pipe()
    if terminal:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    variables = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "CI", "NO_COLOR"}}
    made = {"TERM": "xterm", "GATE": str(gate), "PROGRESS_EVERY": "0.5"}
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=variables | made | dict(environment or {}),
        stdin=theirs if terminal else subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    one = Watched(process, source, terminal, gate)
    try:
        yield one
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for descriptor in (source, *one._released):
            os.close(descriptor)
