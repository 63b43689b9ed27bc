"""The bearer token of a call to another service: the caller's own, or this service's."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

import httpx

from chassis.client.client_tokens import ClientTokens
from chassis.security.bearer import BearerToken
from chassis.security.errors import Unauthenticated

_UNAUTHORIZED = 401


class CallAuth(Protocol):
    """Create the httpx authentication for the calls of one request."""

    def bind(self, own_tokens: ClientTokens, caller_token: BearerToken | None) -> httpx.Auth:
        """Return the authentication; `caller_token` is that of the current request, if any."""
        ...


@dataclass(frozen=True, slots=True)
class TokenRelay:
    """Call on behalf of the caller with the current request's token; without one it is a 401."""

    def bind(self, own_tokens: ClientTokens, caller_token: BearerToken | None) -> httpx.Auth:
        """Return authentication with the caller's token."""
        del own_tokens
        if caller_token is None:
            raise Unauthenticated
        return _Bearer(caller_token)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Call as this service, with a token for its own client registration."""

    def bind(self, own_tokens: ClientTokens, caller_token: BearerToken | None) -> httpx.Auth:
        """Return authentication with the service's own token."""
        del caller_token
        return _OwnToken(own_tokens)


class _Bearer(httpx.Auth):
    def __init__(self, token: BearerToken) -> None:
        self._token = token

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = self._token.header
        yield request


class _OwnToken(httpx.Auth):
    """Retry a 401 once with a new token: the cached one may have been revoked."""

    def __init__(self, tokens: ClientTokens) -> None:
        self._tokens = tokens

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = await self._tokens.get()
        request.headers["Authorization"] = token.header
        response = yield request
        if response.status_code == _UNAUTHORIZED:
            self._tokens.discard(token)
            request.headers["Authorization"] = (await self._tokens.get()).header
            yield request
