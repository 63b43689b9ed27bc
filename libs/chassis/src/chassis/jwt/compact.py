"""A signed JWT in compact form (RFC 7515, 7.1), read strictly: what is signed has one text.

Readers that forgive padding, unused bits or duplicate names differ in what they forgive, and what
one has verified another one reads otherwise (RFC 8725, 2.4). The exception is the second form of an
ECDSA signature: docs/design/signed-tokens.md, "Checks".
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from chassis.jwt.algorithms import ALGORITHMS, Algorithm
from chassis.strict_json import strict_json

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_BEGINS = "ey"
"""`{` in base64url, and whatever a JSON object goes on with."""
_PARTS = 3
_MAX_NAME = 256
_REMEMBERED, _MOST_CHARACTERS = 64, 512
"""Headers that are not parsed again, and the characters of one: a key's tokens have the same."""
_REFUSED = frozenset(("b64", "crit", "cty", "enc", "jku", "jwk", "x5c", "x5u", "zip"))
"""Header parameters that bring a key along, or change how the rest is to be read."""


class MalformedJwtError(Exception):
    """A text is not a signed JWT that is accepted here; the message has no part of it."""


class _Header(NamedTuple):
    algorithm: Algorithm
    key_id: str
    type: str


class SignedJwt(NamedTuple):
    """A token whose signature is not verified yet. `type` is its `typ`, in lower case."""

    algorithm: Algorithm
    key_id: str
    type: str
    signed: bytes
    signature: bytes
    payload: str

    def claims(self) -> Mapping[str, Any]:
        """Parse the claims; for a verified token only."""
        return _json_object(_decoded(self.payload))


def looks_like_jwt(token: str) -> bool:
    """Return whether a token has the shape of a JWT: three parts, the first a JSON object."""
    return token.startswith(_BEGINS) and token.count(".") == _PARTS - 1


def read_jwt(token: str) -> SignedJwt:
    """Read the header of a token; raise `MalformedJwtError` for one that is refused unverified."""
    if not _FORM.fullmatch(token):
        raise MalformedJwtError("it is not three parts of base64url")
    signed, _, signature = token.rpartition(".")
    head, _, payload = signed.partition(".")
    header = _known_header(head) if len(head) <= _MOST_CHARACTERS else _read_header(head)
    return SignedJwt(*header, signed.encode("ascii"), _decoded(signature), payload)


@lru_cache(_REMEMBERED)
def _known_header(head: str) -> _Header:
    """Read a header once; one that is refused is read each time."""
    return _read_header(head)


def _read_header(head: str) -> _Header:
    header = _json_object(_decoded(head))
    if not _REFUSED.isdisjoint(header):
        raise MalformedJwtError("its header has a parameter that is refused")
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise MalformedJwtError(f"its algorithm is none of {', '.join(ALGORITHMS)}")
    kind = _name(header, "typ").lower().removeprefix("application/")
    return _Header(algorithm, _name(header, "kid"), kind)


def to_sign(header: bytes, claims: Mapping[str, Any]) -> bytes:
    """Return what a signature is for: an encoded header and the claims."""
    text = json.dumps(claims, separators=(",", ":"), ensure_ascii=False)
    return header + b"." + encoded(text.encode())


def encoded(data: bytes) -> bytes:
    """Return base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: str) -> bytes:
    """Decode base64url without padding; raise for unused bits that are not zero."""
    raw = text.encode("ascii")
    try:
        data = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        raise MalformedJwtError("a part is not base64url") from None
    if encoded(data) != raw:
        raise MalformedJwtError("a part is not the one form of its bytes in base64url")
    return data


def _json_object(data: bytes) -> Mapping[str, Any]:
    """Parse a JSON object whose names are unique at every level."""
    try:
        strict_json(data)  # bounds its depth, and refuses what can't be encoded again
        value = json.loads(data, object_pairs_hook=_unique)
    except ValueError:
        raise MalformedJwtError("a part is not JSON, or has a name twice") from None
    if not isinstance(value, dict):
        raise MalformedJwtError("a part is not a JSON object")
    return value


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("duplicate name")
    return found


def _name(header: Mapping[str, Any], key: str) -> str:
    value = header.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME:
        raise MalformedJwtError(f"its header lacks {key}")
    return value
