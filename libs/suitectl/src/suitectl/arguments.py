"""Options as people type them, each refused in one line; an empty one was not given.

argparse's own errors are several lines, and `make canary PAUSE=` passes an empty text on.
"""

import argparse
import math
import os

from suitectl.errors import CommandFailedError
from suitectl.identities import CLIENTS, USERS

MAX_REQUESTS = 100_000
READY_WITHIN = 120.0


def add_platform(parser: argparse.ArgumentParser) -> None:
    """Add `--platform`, by default PLATFORM, else localkube."""
    parser.add_argument("--platform", default=os.environ.get("PLATFORM") or "localkube")


def add_identity(parser: argparse.ArgumentParser) -> None:
    """Add `--user` and `--client`: whose token."""
    parser.add_argument("--user", default="alice", choices=USERS)
    parser.add_argument("--client", choices=CLIENTS)


def add_ready_within(parser: argparse.ArgumentParser) -> None:
    """Add `--ready-within`."""
    parser.add_argument(
        "--ready-within", help=f"seconds that pods have, by default {READY_WITHIN:g}"
    )


def ready_within(options: argparse.Namespace) -> float:
    """Return the seconds that pods have to become ready; raise `CommandFailedError`."""
    return amount("--ready-within", options.ready_within, READY_WITHIN)


def whole(name: str, text: str | None, default: int | None = None, *, least: int = 0) -> int:
    """Read a whole number; raise `CommandFailedError`."""
    if not text:
        if default is None:
            raise CommandFailedError(f"{name} is missing; give a whole number from {least} on")
        return default
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= MAX_REQUESTS:
        wanted = f"take a whole number from {least} to {MAX_REQUESTS}"
        raise CommandFailedError(f"{name}={text}: {wanted}")
    return number


def amount(name: str, text: str | None, default: float) -> float:
    """Read seconds or milliseconds, never negative; raise `CommandFailedError`."""
    if not text:
        return default
    number = _number(text)
    if number is None or number < 0:
        raise CommandFailedError(f"{name}={text}: take a number from 0 on")
    return number


def rate(name: str, text: str | None, default: float) -> float:
    """Read a share, as 0.01 or 1%; raise `CommandFailedError`."""
    if not text:
        return default
    number = _number(text.removesuffix("%"))
    if number is not None and text.endswith("%"):
        number /= 100
    if number is None or not 0 <= number <= 1:
        raise CommandFailedError(f"{name}={text}: take a share such as 0.01 or 1%")
    return number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
