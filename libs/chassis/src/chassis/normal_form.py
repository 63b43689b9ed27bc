"""Names and passwords in one form: NFC, as RFC 8265 (3.4 and 4.2) has it for both.

One keyboard writes `é` as one character and another as two; nobody can see the difference.
"""

import unicodedata

MAX_LENGTH = 1024
"""Characters of a name or a secret that are looked at."""
MAX_MARKS = 30
"""Combining marks in a row that any language needs (UAX #15, Stream-Safe Text Format)."""


def nfc(text: str) -> str:
    """Return a text in NFC; one that is no name or password of anybody's stays as it is.

    Sorting marks takes time that grows with the square of their number: seconds for 64 KiB of them.
    """
    return unicodedata.normalize("NFC", text) if can_be_normal(text) else text


def can_be_normal(text: str) -> bool:
    """Say whether a text is short enough, with few enough marks in a row, to be normalised."""
    if len(text) > MAX_LENGTH:
        return False
    marks = 0
    for character in "" if text.isascii() else text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MAX_MARKS:
            return False
    return True
