"""What is known of clients, users and grants, as Redis stores it."""

import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from cas_server.stores.protocol import Change, Entry, IdentityTable
from cas_server.stores.scripts import CHANGE, IDENTITIES

VERSION = "n:version"
_KEYS = ("n:identities", VERSION)
_KEEP = b"keep"

READ = ("EVAL", IDENTITIES, len(_KEYS), *_KEYS)


def table(reply: Sequence[Any]) -> IdentityTable:
    """Read what `READ` returned."""
    version, now, flat = reply
    texts = dict(zip(flat[::2], flat[1::2], strict=True))
    keep = int(texts.pop(_KEEP, 0))
    entries = {name.decode(): _entry(text.decode()) for name, text in texts.items()}
    return IdentityTable(int(version) if version else None, now, entries, keep)


def change(changes: Sequence[Change], *, after: int, keep: int) -> tuple[Any, ...]:
    """Return the command that makes these changes, or none of them; it can be sent twice."""
    arguments = [argument for one in changes for argument in _arguments(one)]
    keys = (*_KEYS, f"n:change:{secrets.token_hex(8)}")
    return ("EVAL", CHANGE, len(keys), *keys, after, keep, *arguments)


def _arguments(change: Change) -> Iterator[str]:
    yield change.name
    yield "" if change.expected is None else _text(change.expected)
    yield "drop" if change.marks is None else "end" if change.ends else "set"
    yield change.marks or ""


def _entry(text: str) -> Entry:
    not_before, _, marks = text.partition(" ")
    return Entry(int(not_before), marks)


def _text(entry: Entry) -> str:
    return f"{entry.not_before} {entry.marks}"
