"""Refresh tokens: each carries, under a MAC, its family and its number there.

So the store needs the newest one alone: any other that this server has issued is an earlier one,
however many there were (RFC 9700, 4.14.2).
"""

import base64
import re
import secrets
import struct
from typing import NamedTuple

from cas_server.tokens.record_keys import MAC_BYTES, RecordKeys

_SECRET_BYTES = 25
"""200 bits (RFC 6749, 10.10 asks for 160); makes the token a multiple of three bytes for base64."""
_NUMBERED = struct.Struct(f">16sQ{_SECRET_BYTES}s")
_PURPOSE = b"refresh token\0"
_CHARACTERS = (_NUMBERED.size + MAC_BYTES) * 4 // 3
_FORM = re.compile(rf"[A-Za-z0-9_-]{{{_CHARACTERS}}}")


class RefreshToken(NamedTuple):
    """Which token of which family; the first one has the number 1."""

    family: str
    number: int


def new_family_id() -> str:
    """Return the name of a family: 128 random bits in hex."""
    return secrets.token_hex(16)


def new_refresh_token(keys: RecordKeys, token: RefreshToken) -> str:
    """Return a new token of a family; two of the same number differ."""
    family = bytes.fromhex(token.family)
    payload = _NUMBERED.pack(family, token.number, secrets.token_bytes(_SECRET_BYTES))
    return base64.urlsafe_b64encode(payload + keys.mac(_PURPOSE + payload)).decode()


def read_refresh_token(keys: RecordKeys, text: str) -> RefreshToken | None:
    """Return a token's family and number; None where this server has not issued it."""
    if not _FORM.fullmatch(text):
        return None
    raw = base64.urlsafe_b64decode(text)
    payload, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if not keys.verify(mac, _PURPOSE + payload):
        return None
    family, number, _ = _NUMBERED.unpack(payload)
    return RefreshToken(family.hex(), number)
