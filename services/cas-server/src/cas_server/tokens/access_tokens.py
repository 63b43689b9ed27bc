"""Access tokens: how they are made, what is stored of them, and what check_token says.

A token's value is never stored: Redis has its SHA-256 alone.
"""

import hashlib
import json
import math
import secrets
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, Self

from cas_server.tokens.logins import Login

_BYTES = 32
"""256 bits from the system's generator; RFC 6749, 10.10 asks for 160."""
ID_BYTES = 10
"""Of a token's `jti`, which says nothing of its value."""
_CACHED = 1024
"""Grants of which the parts of the response that their tokens share are cached."""


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
    """An access token as the store knows it (`token_records`); times in Unix seconds.

    `response` is the body of check_token's response. `grant_type` is that of the family it belongs
    to, empty where it has none; `since` the version of the identities (see `not_before`) that it
    was issued under, and `client_since` since when the client was who it was then. `token_id` is
    its `jti`, in hex. `login` is that of its user at this server, for tokens of the code flow.
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
    issued_at: int
    token_id: str
    scopes: tuple[str, ...]
    authorities: tuple[str, ...]
    login: Login | None = None

    def stamped(self, stamp: Stamp) -> Self:
        """Return the same token under this stamp."""
        since, client_since = stamp
        if self.since == since and self.client_since == client_since:
            return self
        return self._replace(since=since, client_since=client_since)

    def claims(self) -> dict[str, Any]:
        """Return the claims of check_token's response."""
        return dict(json.loads(self.response))


class Shared(NamedTuple):
    """What all access tokens of one grant have in common."""

    client_id: str
    user_name: str
    user_fingerprint: str
    grant_type: str
    audience: tuple[str, ...]
    scopes: tuple[str, ...]
    authorities: tuple[str, ...]


class Own(NamedTuple):
    """What one access token has of its own; its stamp aside."""

    expires_at: int
    issued_at: int
    token_id: str
    login: Login | None = None


def access_token(own: Own, shared: Shared, stamp: Stamp) -> StoredToken:
    """Return the token with its response."""
    client_id, user_name, fingerprint, grant_type, audience, scopes, authorities = shared
    expires_at, issued_at, token_id, login = own
    more = f',"auth_time":{login.at},"acr":"{login.acr}"' if login else ""
    tail = f'{expires_at},"iat":{issued_at},"jti":"{token_id}"{more}}}'
    return StoredToken(
        expires_at,
        client_id,
        user_name,
        fingerprint,
        grant_type,
        stamp[0],
        stamp[1],
        audience,
        _response_head(shared) + tail.encode(),
        issued_at,
        token_id,
        scopes,
        authorities,
        login,
    )


@lru_cache(_CACHED)
def _response_head(shared: Shared) -> bytes:
    """Render check_token's response up to `exp` (docs/design/protocol.md, "check_token")."""
    claims: dict[str, Any] = {"active": True, "client_id": shared.client_id}
    if shared.user_name:
        claims["user_name"] = shared.user_name
    if shared.authorities:
        claims["authorities"] = shared.authorities
    claims |= {"scope": shared.scopes, "aud": shared.audience, "exp": 0}
    return json.dumps(claims, separators=(",", ":")).encode()[: -len(b"0}")]


@dataclass(frozen=True, slots=True)
class Grant:
    """What was granted: for whom, to whom, for what. `user_name` is empty for a client alone.

    `grant_type` is set where a refresh token goes with it, `login` where the user logged in here;
    the rest is as in `StoredToken`.
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
    login: Login | None = None

    def stamped(self, stamp: Stamp) -> Self:
        """Return the same grant under this stamp."""
        since, client_since = stamp
        if self.since == since and self.client_since == client_since:
            return self
        return replace(self, since=since, client_since=client_since)

    def stored(self, validity: int) -> StoredToken:
        """Return the record of an access token that lives for `validity` seconds from now.

        `exp` is whole seconds: rounded up, so that no token lives shorter than was promised.
        """
        now = time.time()
        own = Own(math.ceil(now + validity), int(now), secrets.token_hex(ID_BYTES), self.login)
        return access_token(own, self._shared(), Stamp(self.since, self.client_since))

    def _shared(self) -> Shared:
        return Shared(
            self.client_id,
            self.user_name,
            self.user_fingerprint,
            self.grant_type,
            self.audience,
            self.scopes,
            self.authorities,
        )
