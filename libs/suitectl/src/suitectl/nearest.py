"""The nearest of the words that would have been right."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like another."""
    return difflib.get_close_matches(word, list(known), 1, 0)[0]
