"""Token services that need no authorization server."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis.config.live import LiveConfig
from chassis.errors import InvalidToken
from chassis.security.authentication import Authentication
from chassis.testing.callers import PREFIX
from chassis.token_services.response import MalformedResponseError, checked_token


class SelfContainedTokenServices:
    """Check the tokens of `as_user` and `as_client` as an authorization server's response.

    An expired token and one for another audience than `security.oauth2.resource.id` are invalid.
    """

    def __init__(self, live: LiveConfig[Any]) -> None:
        self._live = live

    async def authenticate(self, token: str) -> Authentication:
        """Return the token's authentication; raise `InvalidToken`."""
        resource_id = self._live.settings.security.oauth2.resource.id
        claims = _claims(token)
        claims.setdefault("aud", [resource_id] if resource_id else [])
        try:
            return checked_token(json.dumps(claims).encode(), resource_id=resource_id)
        except MalformedResponseError:
            raise InvalidToken from None

    async def aclose(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class StaticTokenServices:
    """Accept the given tokens; reject every other one as invalid."""

    tokens: Mapping[str, Authentication] = field(default_factory=dict)

    async def authenticate(self, token: str) -> Authentication:
        """Return the token's authentication; raise `InvalidToken`."""
        if token not in self.tokens:
            raise InvalidToken
        return self.tokens[token]

    async def aclose(self) -> None:
        """Do nothing."""


def _claims(token: str) -> dict[str, Any]:
    text = token.removeprefix(PREFIX)
    try:
        if text == token:
            raise InvalidToken
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=="))
    except ValueError:
        raise InvalidToken from None
    return claims
