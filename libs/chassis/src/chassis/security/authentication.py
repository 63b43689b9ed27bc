"""The caller's authentication, and the port that derives it from a token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """The bearer of a checked access token.

    `user_name` is None for a client's own token. `expires_at` is in seconds since the epoch, None
    if unknown. `claims` is the whole response, for claims without a field here.
    """

    client_id: str
    user_name: str | None = None
    scopes: frozenset[str] = frozenset()
    authorities: frozenset[str] = frozenset()
    audience: frozenset[str] = frozenset()
    expires_at: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def name(self) -> str:
        """Return the user's name, or the client id without a user."""
        return self.client_id if self.user_name is None else self.user_name


class TokenServices(Protocol):
    """Turn an access token into an `Authentication`, failing closed."""

    async def authenticate(self, token: str) -> Authentication:
        """Check the token.

        Raises `InvalidToken` for a token that is invalid here, `TemporarilyUnavailable` if the
        token can't be checked.
        """
        ...

    async def aclose(self) -> None:
        """Release resources."""
        ...


@runtime_checkable
class RemembersTokens(Protocol):
    """Token services that know some results without waiting."""

    def remembered(self, token: str) -> Authentication | None:
        """Return the result of an earlier check that still counts; None if there is none.

        Raises `InvalidToken` for a token that was refused.
        """
        ...
