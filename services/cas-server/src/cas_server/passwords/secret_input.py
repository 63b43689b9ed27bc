"""Read a secret: a line of standard input, or what somebody types twice without seeing it."""

import getpass
import sys

from chassis.normal_form import MAX_LENGTH

_BOM, _END = 3, 2
_MAX_LINE = _BOM + 4 * MAX_LENGTH + _END
"""Bytes of a line that can hold a secret."""


def read_secret(kind: str) -> str:
    """Return a secret; raise `ValueError` saying what was expected. `kind` is what it is called.

    A carriage return before the end of the line belongs to the line's end, as Windows writes it.
    """
    secret = _typed(kind) if sys.stdin and sys.stdin.isatty() else _piped(kind)
    if not secret:
        raise ValueError(f"the {kind} is empty; one line of standard input was expected")
    return secret


def _typed(kind: str) -> str:
    try:
        secret = getpass.getpass(f"The {kind}, one line: ")
        if secret and getpass.getpass(f"The {kind} again: ") != secret:
            raise ValueError("the two differ; nothing was hashed")
    except EOFError:
        return ""
    # The terminal's bytes, whatever encoding it claims to have.
    return _text(kind, secret.encode(errors="surrogateescape"))


def _piped(kind: str) -> str:
    line = sys.stdin.buffer.readline(_MAX_LINE + 1) if sys.stdin else b""
    if len(line) > _MAX_LINE:
        raise ValueError(f"the {kind} is longer than {MAX_LENGTH} characters")
    return _text(kind, line)


def _text(kind: str, line: bytes) -> str:
    try:
        # Some shells begin what they pipe with a byte order mark.
        return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"the {kind} is not UTF-8; one line of UTF-8 was expected") from None
