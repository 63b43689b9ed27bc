"""Unicode normalization of names and passwords: NFC (RFC 8265, 3.4 and 4.2).

Keyboards enter `é` as one character or as two, which look the same.
"""

import unicodedata

MAX_LENGTH = 1024
"""Characters of the longest name or secret that is normalized."""
MAX_MARKS = 30
"""Combining marks in a row; no language needs more (UAX #15, Stream-Safe Text Format)."""


def nfc(text: str) -> str:
    """Return a text in NFC, or unchanged if it exceeds the limits.

    Sorting combining marks takes quadratic time: seconds for 64 KiB of them.
    """
    return unicodedata.normalize("NFC", text) if can_be_normal(text) else text


def can_be_normal(text: str) -> bool:
    """Return whether a text is within the limits of normalization."""
    if len(text) > MAX_LENGTH:
        return False
    marks = 0
    for character in "" if text.isascii() else text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MAX_MARKS:
            return False
    return True
