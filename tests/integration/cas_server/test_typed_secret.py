"""`cas-server hash-password` on a terminal: it asks twice and echoes nothing."""

import os
import pty
import subprocess
import sys
from dataclasses import dataclass

import pytest

from cas_server.passwords.hashing import matches_blocking
from eventually import PATIENCE_S

_ON_ITS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Make standard input the controlling terminal, whose keys send signals; then exec a program."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The terminal's screen, and the printed output."""

    shown: str
    printed: str
    code: int


def _type(command: str, *lines: str, end: str = "\n") -> Typed:
    """Type one line at each prompt, as a person at a terminal does."""
    screen, keyboard = pty.openpty()
    program = [sys.executable, "-c", _ON_ITS_TERMINAL, sys.executable, "-m", "cas_server", command]
    with subprocess.Popen(
        program,
        stdin=keyboard,
        stderr=keyboard,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        shown = ""
        for line in lines:
            shown += _until(screen, ": ")
            os.write(screen, f"{line}{end}".encode())
        printed, _ = process.communicate(timeout=PATIENCE_S)
    os.close(keyboard)
    shown += _rest(screen)
    return Typed(shown, printed, process.returncode)


def _until(screen: int, end: str) -> str:
    read = ""
    while not read.endswith(end):
        read += os.read(screen, 1).decode()
    return read


def _rest(screen: int) -> str:
    """Return the remaining screen output of a program that has ended."""
    read = b""
    try:
        while piece := os.read(screen, 1024):
            read += piece
    except OSError:
        pass  # all writers have closed it
    finally:
        os.close(screen)
    return read.decode()


def test_a_confirmed_secret_is_hashed_and_never_shown() -> None:
    typed = _type("hash-password", "open sesame", "open sesame")
    assert typed.code == 0
    assert matches_blocking(typed.printed.strip(), "open sesame")
    assert "sesame" not in typed.shown
    assert "The password, one line: " in typed.shown
    assert "The password again: " in typed.shown


@pytest.mark.parametrize(
    ("lines", "said"),
    [(("one", "other"), "the two differ; nothing was hashed"), (("",), "the secret is empty")],
)
def test_a_different_or_empty_confirmation_is_refused(lines: tuple[str, ...], said: str) -> None:
    typed = _type("hash-secret", *lines)
    assert (typed.code, typed.printed) == (2, "")
    assert said in typed.shown


@pytest.mark.parametrize(("key", "code"), [("\x04", 2), ("\x03", 130)], ids=["Ctrl-D", "Ctrl-C"])
def test_a_cancelled_prompt_is_reported_in_one_line(key: str, code: int) -> None:
    typed = _type("hash-password", key, end="")
    assert (typed.code, typed.printed) == (code, "")
    assert "Traceback" not in typed.shown
