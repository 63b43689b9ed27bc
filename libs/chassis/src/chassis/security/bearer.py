"""Bearer tokens in requests: the Authorization header only (RFC 6750 section 2.1)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from chassis.errors import InvalidRequest, InvalidToken

MAX_TOKEN_LENGTH = 4096
_CHARACTERS = r"[A-Za-z0-9\-._~+/]+=*"
_B64TOKEN = re.compile(_CHARACTERS)
_CREDENTIALS = re.compile(rf"(?i:bearer) +({_CHARACTERS}) *".encode())


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A raw token to relay; its repr hides the value, so that no log shows it."""

    value: str = field(repr=False)

    @property
    def header(self) -> str:
        """Return the value of an Authorization header."""
        return f"Bearer {self.value}"


def is_token(text: str) -> bool:
    """Return whether a text is a `b64token` (RFC 6750 section 2.1) of an accepted length."""
    return len(text) <= MAX_TOKEN_LENGTH and _B64TOKEN.fullmatch(text) is not None


def bearer_token(headers: Iterable[tuple[bytes, bytes]]) -> BearerToken | None:
    """Return the token in a request's headers, None without a Bearer Authorization header.

    Two Authorization headers are 400, a malformed token is 401 (RFC 6750 section 3.1).
    """
    values = [value for name, value in headers if name == b"authorization"]
    if not values:
        return None
    if len(values) > 1:
        raise InvalidRequest("The request has more than one Authorization header")
    found = _CREDENTIALS.fullmatch(values[0])
    if found is not None and len(found[1]) <= MAX_TOKEN_LENGTH:
        return BearerToken(found[1].decode("ascii"))
    if values[0].partition(b" ")[0].lower() == b"bearer":
        raise InvalidToken("The access token is malformed")
    return None


def refuse_token_in_uri(query: bytes) -> None:
    """Raise `InvalidRequest` for a token in the URI, which logs and histories record (2.3)."""
    if not query:
        return
    names = (piece.partition(b"=")[0] for piece in query.split(b"&"))
    if any(unquote_to_bytes(name) == b"access_token" for name in names):
        raise InvalidRequest("An access token does not belong in a URI (RFC 6750, 2.3)")
