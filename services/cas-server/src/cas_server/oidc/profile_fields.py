"""What may be registered about a user: a name for people, and an address."""

import re
from typing import Annotated

from pydantic import AfterValidator

MAX_NAME = 256
MAX_EMAIL = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3, without its angle brackets)."""
# The addr-spec of RFC 5322, 3.4.1 without quotes, comments and what is no printable character.
_ADDRESS = re.compile(r"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]+@[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]+")


def _shown(name: str) -> str:
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise ValueError(f"is not a name of 1 to {MAX_NAME} printable characters")
    return name


def _address(text: str) -> str:
    if len(text) > MAX_EMAIL or not _ADDRESS.fullmatch(text):
        raise ValueError("is not an e-mail address (RFC 5322, 3.4.1)")
    return text


FullName = Annotated[str, AfterValidator(_shown)]
"""The name that people know a user by."""

Email = Annotated[str, AfterValidator(_address)]
"""Where a user receives e-mail."""
