"""`authorization_code` (RFC 6749, 4.1.3), with PKCE (RFC 7636): a code for tokens, once."""

import time
from dataclasses import replace

from cas_server.authorization.authorization_code import AuthorizationCode
from cas_server.authorization.pkce import verify
from cas_server.errors import InvalidGrant
from cas_server.forms import required
from cas_server.grant_names import AUTHORIZATION_CODE, REFRESH_TOKEN
from cas_server.grants.grant_type import GrantContext, TokenRequest
from cas_server.identities.clients import Client
from cas_server.stores.authorization_codes import Redemption
from cas_server.stores.token_store import Family
from cas_server.tokens.access_tokens import Grant, Stamp, token_hash
from cas_server.tokens.refresh_tokens import new_family_id
from cas_server.tokens.token_pairs import Step, TokenResponse, new_pair
from chassis.telemetry.audit import AuditEvent, audit

_BAD = "The code is unknown, expired, used, or was issued to another client or redirect_uri"


class AuthorizationCodeGrant:
    """Exchange a code for an access token, with a refresh token where the client may refresh."""

    def __init__(self, context: GrantContext) -> None:
        self._context = context

    async def issue(self, request: TokenRequest) -> TokenResponse:
        """Return the tokens; a second use ends those of the first (RFC 6749, 4.1.2).

        What does not fit the code ends nothing: whoever has the code alone is nobody to end tokens.
        """
        code = required(request.form, "code")
        hashed = token_hash(code)
        found = await self._found(hashed, request)
        grant = self._granted(found, request.client)
        refreshes = REFRESH_TOKEN in request.client.grant_types
        if refreshes:
            grant = replace(grant, grant_type=AUTHORIZATION_CODE)
        return await self._redeem(hashed, found, grant, request)

    async def _found(self, hashed: str, request: TokenRequest) -> AuthorizationCode:
        """Return what the code stands for; raise `InvalidGrant` where the request does not fit."""
        redirect_uri = required(request.form, "redirect_uri")
        found = await self._context.codes.find(hashed)
        if found is None or found.grant.client_id != request.client.id:
            raise InvalidGrant(_BAD)
        if found.redirect_uri != redirect_uri:
            raise InvalidGrant(_BAD)
        verify(found.code_challenge, request.form.get("code_verifier"))
        return found

    def _granted(self, found: AuthorizationCode, client: Client) -> Grant:
        """Return the grant within the present rights of user and client; raise `InvalidGrant`."""
        user = self._context.identities.user(found.grant.user_name)
        if user is None:
            raise InvalidGrant(_BAD)
        scopes = tuple(scope for scope in found.grant.scopes if scope in client.scopes)
        return replace(
            found.grant, scopes=scopes, audience=client.audience, authorities=user.authorities
        )

    async def _redeem(
        self, hashed: str, found: AuthorizationCode, grant: Grant, request: TokenRequest
    ) -> TokenResponse:
        context, client = self._context, request.client
        family = Family(new_family_id(), grant, int(time.time()) + client.refresh_validity)
        idle_seconds = int(context.live.settings.refresh_token_idle)
        step = Step(1, "", client.access_validity, idle_seconds)
        pair, response = new_pair(
            context.keys,
            family,
            grant,
            step,
            text_of=context.values.for_client(client),
            id_token_of=context.id_tokens.for_grant(
                client, grant, nonce=found.nonce, session=found.session
            ),
        )
        if not grant.grant_type:
            pair, response = replace(pair, refresh_hash=""), replace(response, refresh_token=None)

        async def write(stamp: Stamp) -> Redemption | None:
            return await context.codes.redeem(hashed, pair.stamped(stamp), client.bounds)

        outcome = await context.reconciler.issue(grant, write)
        if outcome == "reused":
            user, address = grant.user_name, request.address
            audit(AuditEvent.CODE_REUSED, user=user, client=client.id, address=address)
        if outcome != "redeemed":
            raise InvalidGrant(_BAD)
        return response
