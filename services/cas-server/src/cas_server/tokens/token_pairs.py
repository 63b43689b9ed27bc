"""Pairs of access and refresh token, and the sealed response that makes a retry idempotent.

The response to a rotation is stored for the grace window under a key that only the presented
refresh token yields (HKDF-SHA256, RFC 5869): whoever reads the store learns no token.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cas_server.stores.token_store import Family, TokenPair
from cas_server.tokens.access_tokens import Grant, StoredToken, new_token, token_hash
from cas_server.tokens.record_keys import RecordKeys
from cas_server.tokens.refresh_tokens import RefreshToken, new_refresh_token


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """The response of the token endpoint (RFC 6749, 5.1); its repr shows no token."""

    access_token: str = field(repr=False)
    expires_in: int
    scope: str
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)

    def fields(self) -> dict[str, Any]:
        """Return the JSON fields in the seed stack's order."""
        fields: dict[str, Any] = {"access_token": self.access_token, "token_type": "bearer"}
        if self.refresh_token:
            fields["refresh_token"] = self.refresh_token
        if self.id_token:
            fields["id_token"] = self.id_token
        return fields | {"expires_in": self.expires_in, "scope": self.scope}


@dataclass(frozen=True, slots=True)
class Step:
    """Which pair of a family comes next: its number, from 1 on, and the token that it replaces.

    The first pair replaces none. Both lifetimes are in seconds.
    """

    number: int
    presented: str = field(repr=False)
    access_validity: int
    idle_seconds: int


def opaque(_: StoredToken) -> str:
    """Return the text of an opaque access token."""
    return new_token()


def new_pair(
    keys: RecordKeys,
    family: Family,
    grant: Grant,
    step: Step,
    *,
    text_of: Callable[[StoredToken], str] = opaque,
    id_token_of: Callable[[str], str] | None = None,
) -> tuple[TokenPair, TokenResponse]:
    """Make the next pair of a family; the access token's grant may be narrower than its own.

    `id_token_of` returns the id_token that goes with the access token.
    """
    validity = max(1, min(step.access_validity, family.ends_at - int(time.time())))
    refresh = new_refresh_token(keys, RefreshToken(family.id, step.number))
    access = grant.stored(validity)
    text, scope = text_of(access), " ".join(grant.scopes)
    id_token = id_token_of(text) if id_token_of else None
    response = TokenResponse(text, validity, scope, refresh, id_token)
    pair = TokenPair(
        family=family,
        number=step.number,
        refresh_hash=token_hash(refresh),
        access_hash=token_hash(response.access_token),
        access=access,
        idle_seconds=step.idle_seconds,
        sealed_response=seal(step.presented, response) if step.presented else b"",
    )
    return pair, response


def seal(presented: str, response: TokenResponse) -> bytes:
    """Encrypt a response for whoever holds the presented refresh token."""
    from cas_server.tokens import rotation_cipher  # noqa: PLC0415 - 8 MiB, for rotations alone

    return rotation_cipher.encrypt(presented, json.dumps(response.fields()).encode())


def unseal(presented: str, sealed: bytes) -> TokenResponse | None:
    """Decrypt a response; None where it was made for another token."""
    from cas_server.tokens import rotation_cipher  # noqa: PLC0415 - 8 MiB, for rotations alone

    text = rotation_cipher.decrypt(presented, sealed)
    if text is None:
        return None
    fields = json.loads(text)
    return TokenResponse(
        fields["access_token"],
        fields["expires_in"],
        fields["scope"],
        fields["refresh_token"],
        fields.get("id_token"),
    )
