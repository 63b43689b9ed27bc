"""JWT access tokens (RFC 9068), verified here with the authorization server's keys.

Nobody is asked about a token, so that one that was revoked is accepted until it expires
(docs/jwt-tokens.md).
"""

import time
from collections.abc import Mapping
from typing import Any

import structlog

from chassis.client.caller import Caller
from chassis.config.live import LiveConfig
from chassis.config.sections import OAuth2ResourceSettings
from chassis.errors import InvalidToken
from chassis.jwt.compact import MalformedJwtError, SignedJwt, read_jwt
from chassis.security.authentication import Authentication
from chassis.token_services.key_set import KeySet
from chassis.token_services.response import MalformedResponseError, authentication_of, text_of

_NUMBERS = (int, float)
_log = structlog.get_logger("chassis.security")


class SignedTokenServices:
    """Verify the signature of a token, then its type, issuer, audience and times."""

    def __init__(self, live: LiveConfig[Any], caller: Caller) -> None:
        self._live, self._keys = live, KeySet(live, caller)

    async def authenticate(self, token: str) -> Authentication:
        """Return whose token it is; raise `InvalidToken`, or `TemporarilyUnavailable`."""
        try:
            jwt = read_jwt(token)
        except MalformedJwtError:
            raise InvalidToken from None
        key = await self._keys.find(jwt.key_id)
        # The algorithm is the key's: a header only repeats it (RFC 8725, 3.1).
        if key is None or key.algorithm != jwt.algorithm:
            raise InvalidToken
        if not key.verifies(jwt.signed, jwt.signature):
            raise InvalidToken
        return _authenticated(jwt, self._live.settings.security.oauth2.resource)

    async def aclose(self) -> None:
        """Stop fetching keys."""
        await self._keys.aclose()


def _authenticated(jwt: SignedJwt, resource: OAuth2ResourceSettings) -> Authentication:
    """Validate the claims of a verified token (RFC 9068, 4)."""
    try:
        claims = jwt.claims()
        _refuse_other_kind(jwt, claims, resource)
        _refuse_early(claims, time.time() + resource.jwt.clock_skew)
        client_id, subject = text_of(claims, "client_id"), text_of(claims, "sub")
        return authentication_of(
            claims,
            client_id,
            _user_of(claims, client_id, subject),
            resource.id,
            leeway=resource.jwt.clock_skew,
        )
    except (MalformedJwtError, MalformedResponseError) as error:
        # The authorization server has signed it, so this is a matter of the settings.
        _log.warning("signed access token refused", reason=str(error))
        raise InvalidToken from None


def _refuse_other_kind(
    jwt: SignedJwt, claims: Mapping[str, Any], resource: OAuth2ResourceSettings
) -> None:
    """Refuse a JWT that is not an access token of the issuer that is trusted."""
    if jwt.type not in resource.jwt.types:
        raise MalformedResponseError("typ is none of security.oauth2.resource.jwt.types")
    if claims.get("iss") != resource.jwt.issuer:
        raise MalformedResponseError("iss is not security.oauth2.resource.jwt.issuer")
    if "exp" not in claims:
        raise MalformedResponseError("exp is missing")


def _refuse_early(claims: Mapping[str, Any], latest: float) -> None:
    """Refuse a token whose time is to come (RFC 7519, 4.1.5 and 4.1.6)."""
    for name in ("nbf", "iat"):
        value = claims.get(name, 0)
        if type(value) not in _NUMBERS:
            raise MalformedResponseError(f"{name} is not a number")
        if value > latest:
            raise InvalidToken("The access token is not valid yet")


def _user_of(claims: Mapping[str, Any], client_id: str, subject: str) -> str | None:
    """Return the user; None for a client's own token, whose subject is the client (RFC 9068, 5)."""
    if "user_name" in claims:
        return text_of(claims, "user_name")
    return None if subject == client_id else subject
