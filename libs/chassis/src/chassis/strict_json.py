"""A strict JSON parser (RFC 8259): its results can be encoded again."""

import codecs
import json
from typing import Any

from pydantic_core import from_json, to_json


def strict_json(body: bytes) -> Any:
    """Parse JSON; raise ValueError, whose text has a position and no value, if it is invalid.

    Python's own parser also accepts lone surrogates, `NaN`, `Infinity`, `1e999` and UTF-16. The
    limits are 200 levels and 4,300 digits of an integer (RFC 8259, 9). A byte order mark is ignored
    (RFC 8259, 8.1).
    """
    value = from_json(body.removeprefix(codecs.BOM_UTF8), allow_inf_nan=False, cache_strings="none")
    # A number too large for a float, unless the word is inside a string.
    if b"Infinity" in to_json(value, inf_nan_mode="constants"):
        json.dumps(value, allow_nan=False)
    return value
