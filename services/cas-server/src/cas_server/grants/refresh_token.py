"""`refresh_token` (RFC 6749, 6): rotated at each use, a reuse ends the family (RFC 9700, 4.14.2).

A client that lost the response may retry within the grace window, and gets the same successor.
"""

import time
from dataclasses import replace

from cas_server.errors import InvalidGrant, InvalidScope
from cas_server.forms import required
from cas_server.grants.grant_type import GrantContext, TokenRequest
from cas_server.grants.scopes import granted_scopes, scope_set
from cas_server.identities.clients import Client
from cas_server.stores.token_store import FamilyState, Presented, Rotation
from cas_server.tokens.access_tokens import Grant, Stamp, token_hash
from cas_server.tokens.refresh_tokens import read_refresh_token
from cas_server.tokens.token_pairs import Step, TokenResponse, new_pair, unseal
from chassis.telemetry.audit import AuditEvent, audit

_BAD = "The refresh token is unknown, expired, revoked, or was issued to another client"


class RefreshTokenGrant:
    """Exchange a refresh token for its successor and a new access token."""

    def __init__(self, context: GrantContext) -> None:
        self._context = context

    async def issue(self, request: TokenRequest) -> TokenResponse:
        """Return the next pair; scopes only narrow, and for this access token alone."""
        client, settings = request.client, self._context.live.settings
        presented = required(request.form, "refresh_token")
        number, state = await self._found(presented, client)
        stored = state.family.grant
        # A rotated token's scope does not matter: it gets the first response again, or is a reuse.
        grant = self._renewed(stored, request) if number == state.number else stored
        idle_seconds = int(settings.refresh_token_idle)
        step = Step(state.number + 1, presented, client.access_validity, idle_seconds)
        context = self._context
        pair, response = new_pair(
            context.keys,
            state.family,
            grant,
            step,
            text_of=context.values.for_client(client),
            id_token_of=context.id_tokens.for_grant(client, grant),
        )
        old = Presented(token_hash(presented), number)

        async def write(stamp: Stamp) -> Rotation | None:
            fresh, grace = pair.stamped(stamp), settings.refresh_grace
            return await self._context.store.rotate(old, fresh, client.bounds, grace=grace)

        rotation = await self._context.reconciler.issue(stored, write)
        return _response(rotation, presented, response, request, user=stored.user_name)

    async def _found(self, presented: str, client: Client) -> tuple[int, FamilyState]:
        """Return the number and the family of the client's token; raise `InvalidGrant`."""
        token = read_refresh_token(self._context.keys, presented)
        state = await self._context.store.family(token.family) if token else None
        if token is None or state is None:
            raise InvalidGrant(_BAD)
        family = state.family
        if family.grant.client_id != client.id or family.ends_at <= time.time():
            raise InvalidGrant(_BAD)
        if not self._context.identities.is_still_valid(family.grant):
            raise InvalidGrant(_BAD)
        if state.idle and token.number == state.number:
            raise InvalidGrant(_BAD)
        return token.number, state

    def _renewed(self, grant: Grant, request: TokenRequest) -> Grant:
        """Return the grant within the present rights of user and client; raise `OAuthError`."""
        user = self._context.identities.user(grant.user_name)
        if user is None:
            raise InvalidGrant(_BAD)
        client = request.client
        audience = tuple(name for name in grant.audience if name in client.audience)
        if not audience:
            raise InvalidGrant(_BAD)
        left = tuple(scope for scope in grant.scopes if scope in client.scopes)
        scopes = granted_scopes(request.form.get("scope"), left)
        return replace(grant, scopes=scopes, authorities=user.authorities, audience=audience)


def _response(
    rotation: Rotation, presented: str, response: TokenResponse, request: TokenRequest, *, user: str
) -> TokenResponse:
    if rotation.outcome == "rotated":
        return response
    if rotation.outcome == "reused":
        client, address = request.client.id, request.address
        audit(AuditEvent.REFRESH_REUSED, user=user, client=client, address=address)
    first = unseal(presented, rotation.sealed_response) if rotation.outcome == "repeated" else None
    if first is None:
        raise InvalidGrant(_BAD)
    requested = request.form.get("scope", first.scope)
    if scope_set(requested) != scope_set(first.scope):
        raise InvalidScope("The token was refreshed with another scope; use that response")
    return first
