"""`password` (RFC 6749, 4.3): for the seed stack's clients on the allow-list alone."""

import hashlib
import time
from dataclasses import replace

from cas_server.errors import InvalidGrant
from cas_server.forms import required
from cas_server.grants.grant_type import GrantContext, TokenRequest
from cas_server.grants.scopes import granted_scopes
from cas_server.identities.users import User
from cas_server.stores.token_store import Family
from cas_server.throttling.claimant import Claimant
from cas_server.throttling.failure_counters import Kind
from cas_server.tokens.access_tokens import Grant, Stamp
from cas_server.tokens.refresh_tokens import new_family_id
from cas_server.tokens.token_pairs import Step, TokenResponse, new_pair
from chassis.normal_form import nfc
from chassis.single_flight import SingleFlight

_BAD = "User name or password is wrong"


class PasswordGrant:
    """Issue tokens to a user who gave the client a name and a password."""

    def __init__(self, context: GrantContext) -> None:
        self._context = context
        self._logging_in: SingleFlight[tuple[bytes, str, str], User] = SingleFlight()

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
            return await self._context.access_only(grant, request)
        return await self._with_refresh(replace(grant, grant_type="password"), request)

    async def _user(self, request: TokenRequest) -> User:
        """Return the user; concurrent requests with the same credentials cost one hash."""
        form = request.form
        name, password = nfc(required(form, "username")), required(form, "password")
        # The length separates two splits of the same characters.
        digest = hashlib.sha256(f"{len(name)}:{name}{password}".encode()).digest()
        client, address = request.client.id, request.address
        return await self._logging_in.run(
            (digest, client, address), lambda: self._login(name, password, client, address)
        )

    async def _login(self, name: str, password: str, client: str, address: str) -> User:
        user = self._context.identities.user(name)
        claimant = Claimant(Kind.USER, name, address, exists=user is not None, client=client)
        async with self._context.throttle.attempt(claimant):
            if self._context.identities.is_demo(name, password):
                raise InvalidGrant(_BAD)
            stored = user.password if user is not None else None
            if await self._context.passwords.matches(stored, password) and user is not None:
                return user
            raise InvalidGrant(_BAD)

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
