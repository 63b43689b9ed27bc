"""Read a secret: a line of standard input, or what somebody types twice without seeing it."""

import getpass
import sys


def read_secret(kind: str) -> str:
    """Return a secret; raise `ValueError` saying what was expected. `kind` is what it is called.

    A carriage return before the end of the line belongs to the line's end, as Windows writes it.
    """
    secret = _typed(kind) if sys.stdin.isatty() else _piped(kind)
    if not secret:
        raise ValueError(f"the {kind} is empty; one line of standard input was expected")
    return secret


def _typed(kind: str) -> str:
    secret = getpass.getpass(f"The {kind}, one line: ")
    if secret and getpass.getpass(f"The {kind} again: ") != secret:
        raise ValueError("the two differ; nothing was hashed")
    return secret.removesuffix("\r")


def _piped(kind: str) -> str:
    line = sys.stdin.buffer.readline().removesuffix(b"\n").removesuffix(b"\r")
    try:
        # Some shells begin what they pipe with a byte order mark.
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"the {kind} is not UTF-8; one line of UTF-8 was expected") from None
