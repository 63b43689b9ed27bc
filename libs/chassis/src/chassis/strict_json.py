"""JSON as RFC 8259 has it: what is read here can be encoded again."""

import codecs
import json
from typing import Any

from pydantic_core import from_json, to_json


def strict_json(body: bytes) -> Any:
    """Read JSON; raise ValueError, whose text has a position and no value, for all that is none.

    Python's own reader takes more: lone surrogates, `NaN`, `Infinity`, `1e999`, UTF-16. Depth is
    bounded at 200, a number at 4,300 digits before its point (RFC 8259, 9). A byte order mark is
    ignored (RFC 8259, 8.1).
    """
    value = from_json(body.removeprefix(codecs.BOM_UTF8), allow_inf_nan=False, cache_strings="none")
    # A number that was too large for a float; the word may stand in a text as well.
    if b"Infinity" in to_json(value, inf_nan_mode="constants"):
        json.dumps(value, allow_nan=False)
    return value
