"""`refresh_token` (RFC 6749, 6): rotated at each use, a reuse ends the family (RFC 9700, 4.14.2).

A client whose answer got lost may ask again within the grace window, and gets the same successor.
"""

import time

import structlog

from cas_server.clients import Client
from cas_server.errors import InvalidGrant, InvalidScope
from cas_server.forms import MAX_TOKEN, required
from cas_server.grants.protocol import Issuing, TokenRequest
from cas_server.grants.scopes import granted_scopes
from cas_server.lineage import TokenAnswer, successor, unseal
from cas_server.stores import RefreshRecord, Rotation
from cas_server.tokens import Grant, token_hash

_BAD = "The refresh token is unknown, expired, revoked, or was issued to another client"
_log = structlog.get_logger("cas_server.refresh")


class RefreshTokenGrant:
    """Exchange a refresh token for its successor and a new access token."""

    def __init__(self, issuing: Issuing) -> None:
        self._issuing = issuing

    async def issue(self, request: TokenRequest) -> TokenAnswer:
        """Return the next pair; scopes only narrow, and for this access token alone."""
        client, settings = request.client, self._issuing.live.settings
        presented = required(request.form, "refresh_token")
        record = await self._record(presented, client)
        # What a rotated token asks for is moot: it gets the first answer again, or is a reuse.
        grant = record.grant if record.rotated else self._renewed(record.grant, request)
        lineage, answer = successor(
            record,
            presented,
            grant,
            access_validity=client.access_validity,
            idle_seconds=int(settings.refresh_token_idle),
        )
        old = token_hash(presented)
        rotation = await self._issuing.store.rotate(old, lineage, grace=settings.refresh_grace)
        return _settled(rotation, presented, answer, request)

    async def _record(self, presented: str, client: Client) -> RefreshRecord:
        """Return the client's own record; raise `InvalidGrant`."""
        if len(presented) > MAX_TOKEN:
            raise InvalidGrant(_BAD)
        record = await self._issuing.store.refresh(token_hash(presented))
        if record is None or record.grant.client_id != client.id or record.ends_at <= time.time():
            raise InvalidGrant(_BAD)
        return record

    def _renewed(self, grant: Grant, request: TokenRequest) -> Grant:
        """Return the grant with what its user and client may have by now; raise `OAuthError`."""
        user = self._issuing.identities.user(grant.user_name)
        if user is None or user.fingerprint != grant.user_fingerprint:
            raise InvalidGrant(_BAD)
        client = request.client
        audience = tuple(name for name in grant.audience if name in client.audience)
        if not audience:
            raise InvalidGrant(_BAD)
        left = tuple(scope for scope in grant.scopes if scope in client.scopes)
        scopes = granted_scopes(request.form.get("scope"), left)
        return grant.renewed(scopes=scopes, authorities=user.authorities, audience=audience)


def _settled(
    rotation: Rotation, presented: str, answer: TokenAnswer, request: TokenRequest
) -> TokenAnswer:
    if rotation.outcome == "rotated":
        return answer
    if rotation.outcome == "reused":
        client = request.client.id
        _log.warning("a rotated refresh token came again; its family is revoked", client=client)
    first = unseal(presented, rotation.sealed_answer) if rotation.outcome == "repeated" else None
    if first is None:
        raise InvalidGrant(_BAD)
    if not _same_scope(request.form.get("scope"), first.scope):
        raise InvalidScope("The token was refreshed with another scope; use that answer")
    return first


def _same_scope(requested: str | None, granted: str) -> bool:
    """Say whether a retry asks for what the first request got."""
    return requested is None or set(requested.split()) == set(granted.split())
