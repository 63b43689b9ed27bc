"""Callers of a service under test, each with a token that says who it is.

    await orders.get("/api/warehouse", auth=as_user("alice", authorities="ROLE_USER"))

The token contains what an authorization server would respond about it (RFC 7662, 2.2), so no table
of tokens is needed, and a service may relay it. `SelfContainedTokenServices` reads it.
"""

import base64
import json
import time
from collections.abc import Generator, Iterable
from typing import Any

import httpx

PREFIX = "test."
"""What every such token begins with; no authorization server issues it."""
_VALID_S = 86400.0
"""Tokens of a test module's constants must outlast the tests of all other modules."""

Names = str | Iterable[str]
"""Names separated by spaces, as in OAuth, or in a collection."""


class Bearer(httpx.Auth):
    """Authenticate requests by a token: `client.get(path, auth=Bearer(token))`."""

    def __init__(self, token: str) -> None:
        self.token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Add the token (httpx)."""
        request.headers.update(bearer(self.token))
        yield request


def bearer(token: str) -> dict[str, str]:
    """Return request headers with this token."""
    return {"Authorization": f"Bearer {token}"}


def as_user(
    name: str,
    *,
    client: str = "test-client",
    scopes: Names = (),
    authorities: Names = (),
    audience: Names | None = None,
    expires_in: float = _VALID_S,
) -> Bearer:
    """Return a user's token, for requests' `auth`.

    `audience` None is any service; `expires_in` is in seconds, and has passed where it is negative.
    """
    return _bearer(client, scopes, authorities, audience, expires_in, user_name=name)


def as_client(
    name: str,
    *,
    scopes: Names = (),
    authorities: Names = (),
    audience: Names | None = None,
    expires_in: float = _VALID_S,
) -> Bearer:
    """Return a client's own token (RFC 6749, 4.4); the parameters are those of `as_user`."""
    return _bearer(name, scopes, authorities, audience, expires_in)


def split(names: Names) -> list[str]:
    """Return the single names."""
    return names.split() if isinstance(names, str) else list(names)


def _bearer(
    client_id: str,
    scopes: Names,
    authorities: Names,
    audience: Names | None,
    expires_in: float,
    **user: str,
) -> Bearer:
    claims: dict[str, Any] = {
        "client_id": client_id,
        **user,
        "scope": sorted(split(scopes)),
        "authorities": sorted(split(authorities)),
        "exp": int(time.time() + expires_in),
    }
    if audience is not None:
        claims["aud"] = sorted(split(audience))
    text = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return Bearer(PREFIX + text)
