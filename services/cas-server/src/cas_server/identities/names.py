"""Rules for the names of clients and users, which are compared in NFC and case-sensitively."""

from collections.abc import Mapping
from typing import TypeVar

from chassis.normal_form import can_be_normal, nfc

V = TypeVar("V")
MAX_LENGTH = 256
"""Characters of a name."""


def fault_of(name: str) -> str | None:
    """Return why a name is invalid; None for a valid one."""
    if not name:
        return "is empty: a name has a character at least"
    if len(name) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    if not name.isprintable() or ":" in name:
        return "has a colon or a control character (RFC 7617, 2)"
    if not can_be_normal(name):
        return "has more combining marks in a row than any language needs"
    return None


def by_name(registered: Mapping[str, V]) -> Mapping[str, V]:
    """Return the entries by their names in NFC; raise `ValueError` where two are equal."""
    found: dict[str, V] = {}
    for name, value in registered.items():
        if (normal := nfc(name)) in found:
            raise ValueError(f"has {normal!r} twice: names are compared in NFC")
        found[normal] = value
    return found
