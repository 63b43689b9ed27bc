"""Access tokens: how they are made, what is stored of them, and what check_token says.

A token's value is never stored: Redis has its SHA-256 alone.
"""

import hashlib
import json
import math
import secrets
import time
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

_BYTES = 32
"""256 bits from the system's generator; RFC 6749, 10.10 asks for 160."""


def new_token() -> str:
    """Return a fresh opaque token."""
    return secrets.token_urlsafe(_BYTES)


def token_hash(token: str) -> str:
    """Return the SHA-256 by which a token is known in the store."""
    return hashlib.sha256(token.encode()).hexdigest()


class Stamp(NamedTuple):
    """The versions of the identities under which something is issued: see `StoredToken`."""

    since: int
    client_since: int


class StoredToken(NamedTuple):
    """The stored record of an access token; times in Unix seconds.

    The first line of its text has the fields that each check needs, the second the body of
    check_token's response: a check parses no JSON. A named tuple, for one is made at each check.
    `grant_type` is that of the family it belongs to, empty where it has none; `since` the version
    of the identities (see `not_before`) that it was issued under, and `client_since` since when the
    client was who it was then.
    """

    expires_at: int
    client_id: str
    user_name: str
    user_fingerprint: str
    grant_type: str
    since: int
    client_since: int
    audience: tuple[str, ...]
    response: bytes

    def encode(self) -> bytes:
        """Return the stored text."""
        *fields, audience, response = self
        return "\t".join([*map(str, fields), " ".join(audience)]).encode() + b"\n" + response

    @classmethod
    def decode(cls, text: bytes) -> Self:
        """Read a stored text."""
        head, _, response = text.partition(b"\n")
        expires_at, *names, since, client_since, audience = head.decode().split("\t")
        versions, audiences = (int(since), int(client_since)), tuple(audience.split(" "))
        client_id, user_name, fingerprint, grant_type = names
        who = (client_id, user_name, fingerprint, grant_type)
        return cls(int(expires_at), *who, *versions, audiences, response)

    def stamped(self, stamp: Stamp) -> Self:
        """Return the same token under this stamp."""
        return self._replace(**stamp._asdict())

    def claims(self) -> dict[str, Any]:
        """Return the claims of check_token's response."""
        return dict(json.loads(self.response))


@dataclass(frozen=True, slots=True)
class Grant:
    """What was granted: for whom, to whom, for what. `user_name` is empty for a client alone.

    `grant_type` is set where a refresh token goes with it; the rest is as in `StoredToken`.
    """

    client_id: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    authorities: tuple[str, ...]
    user_name: str = ""
    user_fingerprint: str = ""
    grant_type: str = ""
    since: int = 0
    client_since: int = 0

    def stamped(self, stamp: Stamp) -> Self:
        """Return the same grant under this stamp."""
        return replace(self, **stamp._asdict())

    def stored(self, validity: int) -> StoredToken:
        """Return the record of an access token that lives for `validity` seconds from now.

        `exp` is whole seconds: rounded up, so that no token lives shorter than was promised.
        """
        now = time.time()
        issued_at, expires_at = int(now), math.ceil(now + validity)
        return StoredToken(
            client_id=self.client_id,
            user_name=self.user_name,
            user_fingerprint=self.user_fingerprint,
            audience=self.audience,
            expires_at=expires_at,
            response=self._check_token_response(issued_at, expires_at),
            grant_type=self.grant_type,
            since=self.since,
            client_since=self.client_since,
        )

    def _check_token_response(self, issued_at: int, expires_at: int) -> bytes:
        """Render check_token's response (docs/design/protocol.md, "check_token")."""
        claims: dict[str, Any] = {"active": True, "client_id": self.client_id}
        if self.user_name:
            claims["user_name"] = self.user_name
        if self.authorities:
            claims["authorities"] = list(self.authorities)
        claims |= {"scope": list(self.scopes), "aud": list(self.audience)}
        claims |= {"exp": expires_at, "iat": issued_at, "jti": secrets.token_hex(10)}
        return json.dumps(claims, separators=(",", ":")).encode()
