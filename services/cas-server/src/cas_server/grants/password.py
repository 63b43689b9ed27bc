"""`password` (RFC 6749, 4.3): for the seed stack's clients on the allow-list alone."""

import time
from collections.abc import Mapping

from cas_server.errors import InvalidGrant
from cas_server.forms import required
from cas_server.grants.protocol import Issuing, TokenRequest
from cas_server.grants.scopes import granted_scopes
from cas_server.lineage import TokenAnswer, new_family
from cas_server.tokens import Grant, new_token, token_hash
from cas_server.users import User
from chassis.normal_form import nfc

_BAD = "User name or password is wrong"


class PasswordGrant:
    """Issue tokens to a user who gave the client a name and a password."""

    def __init__(self, issuing: Issuing) -> None:
        self._issuing = issuing

    async def issue(self, request: TokenRequest) -> TokenAnswer:
        """Return an access token, with a refresh token where the client may refresh."""
        client, form = request.client, request.form
        scopes = granted_scopes(form.get("scope"), client.scopes)
        user = await self._user(form, request.address)
        grant = Grant(
            client_id=client.id,
            scopes=scopes,
            audience=client.audience,
            authorities=user.authorities,
            user_name=user.name,
            user_fingerprint=user.fingerprint,
        )
        if "refresh_token" not in client.grant_types:
            return await self._access_only(grant, client.access_validity)
        return await self._with_refresh(grant, client.access_validity, client.refresh_validity)

    async def _user(self, form: Mapping[str, str], address: str) -> User:
        name, password = nfc(required(form, "username")), required(form, "password")
        async with self._issuing.throttle.attempt(f"user:{name}", address):
            if self._issuing.identities.is_demo(name, password):
                raise InvalidGrant(_BAD)
            user = self._issuing.identities.user(name)
            stored = user.password if user is not None else None
            if await self._issuing.passwords.matches(stored, password) and user is not None:
                return user
            raise InvalidGrant(_BAD)

    async def _access_only(self, grant: Grant, validity: int) -> TokenAnswer:
        token = new_token()
        await self._issuing.store.issue(token_hash(token), grant.stored(validity))
        return TokenAnswer(token, validity, " ".join(grant.scopes))

    async def _with_refresh(
        self, grant: Grant, access_validity: int, refresh_validity: int
    ) -> TokenAnswer:
        lineage, answer = new_family(
            grant,
            access_validity=access_validity,
            ends_at=int(time.time()) + refresh_validity,
            idle_seconds=int(self._issuing.live.settings.refresh_token_idle),
        )
        await self._issuing.store.begin(lineage)
        return answer
