"""A grant type: a token request of an authenticated client in, a token response out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cas_server.authentication.user_authentication import UserAuthentication
from cas_server.grants.access_only import AccessOnly
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler, Moment
from cas_server.oidc.id_tokens import IdTokens
from cas_server.passwords.hashing import PasswordPool
from cas_server.settings import CasSettings
from cas_server.stores.authorization_codes import AuthorizationCodes
from cas_server.stores.token_store import TokenStore
from cas_server.throttling.throttle import Throttle
from cas_server.tokens.access_tokens import Stamp
from cas_server.tokens.jwt_access_tokens import AccessTokenValues
from cas_server.tokens.record_keys import RecordKeys
from cas_server.tokens.token_pairs import TokenResponse
from chassis import LiveConfig


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One request to the token endpoint; the form may hold secrets.

    `moment` is from before the client was authenticated.
    """

    client: Client
    form: Mapping[str, str] = field(repr=False)
    address: str
    moment: Moment

    @property
    def stamp(self) -> Stamp:
        """Return the versions of the identities under which the client was authenticated."""
        return self.moment.stamp(self.client.id)


@dataclass(frozen=True, slots=True)
class GrantContext:
    """What each grant type needs to issue tokens."""

    live: LiveConfig[CasSettings]
    identities: Identities
    passwords: PasswordPool
    throttle: Throttle
    store: TokenStore
    keys: RecordKeys
    values: AccessTokenValues
    id_tokens: IdTokens
    reconciler: IdentityReconciler
    codes: AuthorizationCodes
    users: UserAuthentication
    access_only: AccessOnly


class GrantType(Protocol):
    """One way to get tokens."""

    async def issue(self, request: TokenRequest) -> TokenResponse:
        """Return the response; raise an `OAuthError`."""
