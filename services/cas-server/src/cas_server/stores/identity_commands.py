"""The table of clients, users and grants, as Redis stores it."""

import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from cas_server.stores.token_scripts import CHANGE, IDENTITIES
from cas_server.stores.token_store import Change, Entry, IdentityTable

VERSION = "n:version"
_KEYS = ("n:identities", VERSION)
_KEEP = b"keep"
_DIGITS = 16
"""Of a time in microseconds until the year 2286; what has more loses digits in a script."""

READ = ("EVAL", IDENTITIES, len(_KEYS), *_KEYS)


def table(reply: Sequence[Any]) -> IdentityTable:
    """Read what `READ` returned."""
    version, now, flat = reply
    texts = dict(zip(flat[::2], flat[1::2], strict=True))
    keep = number(texts.pop(_KEEP, None)) or 0
    found = {name.decode(errors="replace"): _entry(text) for name, text in texts.items()}
    entries = {name: entry for name, entry in found.items() if entry is not None}
    return IdentityTable(number(version), now, entries, keep)


def number(text: bytes | None) -> int | None:
    """Return a number that `CHANGE` wrote; None for anything else."""
    return int(text) if text and text.isdigit() and len(text) <= _DIGITS else None


def change(changes: Sequence[Change], *, after: int, keep: int) -> tuple[Any, ...]:
    """Return the command that makes all of these changes or none; it is idempotent."""
    arguments = [argument for one in changes for argument in _arguments(one)]
    keys = (*_KEYS, f"n:change:{secrets.token_hex(8)}")
    return ("EVAL", CHANGE, len(keys), *keys, after, keep, *arguments)


def _arguments(change: Change) -> Iterator[str]:
    yield change.name
    yield "" if change.expected is None else _text(change.expected)
    yield "drop" if change.marks is None else "end" if change.ends else "set"
    yield change.marks or ""


def _entry(text: bytes) -> Entry | None:
    head, space, marks = text.partition(b" ")
    not_before = number(head)
    if not_before is None or not space:
        return None
    return Entry(not_before, marks.decode(errors="replace"))


def _text(entry: Entry) -> str:
    return f"{entry.not_before} {entry.marks}"
