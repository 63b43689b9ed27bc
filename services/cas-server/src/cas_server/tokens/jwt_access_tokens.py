"""Access tokens as JWTs by RFC 9068: their claims, and the form that Spring resource servers read.

The store has a record of a JWT by its SHA-256 as of an opaque token, so that check_token,
introspection, revocation and all bounds are the same for both
(docs/design/decisions/jwt-tokens-are-stored.md).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from cas_server.errors import InvalidScope
from cas_server.forms import MAX_TOKEN
from cas_server.identities.clients import Client
from cas_server.identities.registration import SPRING_TYPE
from cas_server.oidc.claims import subject_of
from cas_server.settings import CasSettings
from cas_server.signing.signing_keys import SigningKeys
from cas_server.tokens.access_tokens import StoredToken, new_token
from chassis import LiveConfig
from chassis.errors import TemporarilyUnavailable

_NO_KEY = "The signing keys have just changed; try again"
_TOO_LONG = "A JWT with these scopes and authorities is too long; request fewer scopes"


class AccessTokenValues:
    """Makes the text of an access token in the form that its client is registered for."""

    def __init__(self, live: LiveConfig[CasSettings], keys: SigningKeys) -> None:
        self._live, self._keys = live, keys

    def for_client(self, client: Client) -> Callable[[StoredToken], str]:
        """Return `of` for one client."""
        return partial(self.of, client=client)

    def of(self, token: StoredToken, client: Client) -> str:
        """Return an opaque text or a JWT; raise `InvalidScope` where no reader would take it.

        Raises `TemporarilyUnavailable` where a reload has just removed the client's key.
        """
        form = client.jwt
        if form is None:
            return new_token()
        claims = _claims(token, self._live.settings.issuer, spring=form.type == SPRING_TYPE)
        try:
            text = self._keys.sign(form.algorithm, form.type, claims)
        except LookupError:
            # The configuration has changed since the client was looked up.
            raise TemporarilyUnavailable(_NO_KEY) from None
        if len(text) > MAX_TOKEN:
            raise InvalidScope(_TOO_LONG)
        return text


def _claims(token: StoredToken, issuer: str, *, spring: bool) -> Mapping[str, Any]:
    """Return the claims of RFC 9068, 2.2, and those by which Spring names user and authorities.

    RFC 9068 has `scope` as a string. Spring Security OAuth before 2.3 took that for one scope, so
    the form for Spring has an array, which every version reads.
    """
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": subject_of(token.user_name) if token.user_name else token.client_id,
        "aud": token.audience,
        "exp": token.expires_at,
        "iat": token.issued_at,
        "jti": token.token_id,
        "client_id": token.client_id,
        "scope": token.scopes if spring else " ".join(token.scopes),
    }
    if token.user_name:
        claims["user_name"] = token.user_name
    if token.authorities:
        claims["authorities"] = token.authorities
    if token.login:
        claims |= {"auth_time": token.login.at, "acr": token.login.acr}  # RFC 9068, 2.2.1
    return claims
