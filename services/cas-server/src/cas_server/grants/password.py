"""`password` (RFC 6749, 4.3): for the seed stack's clients on the allow-list alone."""

import time
from dataclasses import replace

from cas_server.forms import required
from cas_server.grants.grant_type import GrantContext, TokenRequest
from cas_server.grants.scopes import granted_scopes
from cas_server.identities.users import User
from cas_server.stores.token_store import Family
from cas_server.tokens.access_tokens import Grant, Stamp
from cas_server.tokens.refresh_tokens import new_family_id
from cas_server.tokens.token_pairs import Step, TokenResponse, new_pair


class PasswordGrant:
    """Issue tokens to a user who gave the client a name and a password."""

    def __init__(self, context: GrantContext) -> None:
        self._context = context

    async def issue(self, request: TokenRequest) -> TokenResponse:
        """Return an access token, with a refresh token where the client may refresh."""
        client, form = request.client, request.form
        scopes = granted_scopes(form.get("scope"), client.scopes)
        user = await self._user(request)
        grant = Grant(
            client_id=client.id,
            scopes=scopes,
            audience=client.audience,
            authorities=user.authorities,
            user_name=user.name,
            user_fingerprint=user.fingerprint,
        ).stamped(request.stamp)
        if "refresh_token" not in client.grant_types:
            load = request.moment.load
            return await self._context.access_only.issue(grant, request.client, load=load)
        return await self._with_refresh(replace(grant, grant_type="password"), request)

    async def _user(self, request: TokenRequest) -> User:
        form = request.form
        name, password = required(form, "username"), required(form, "password")
        return await self._context.users.user(
            name, password, address=request.address, client=request.client.id
        )

    async def _with_refresh(self, grant: Grant, request: TokenRequest) -> TokenResponse:
        context, client = self._context, request.client
        family = Family(new_family_id(), grant, int(time.time()) + client.refresh_validity)
        idle_seconds = int(context.live.settings.refresh_token_idle)
        step = Step(1, "", client.access_validity, idle_seconds)
        text_of = context.values.for_client(client)
        pair, response = new_pair(context.keys, family, grant, step, text_of=text_of)

        async def write(stamp: Stamp) -> bool | None:
            return await context.store.begin(pair.stamped(stamp), client.bounds) or None

        await context.reconciler.issue(grant, write, load=request.moment.load)
        return response
