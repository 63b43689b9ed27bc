"""Who is calling, and the port through which a resource server learns it from a token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """Hold what a checked access token says of its bearer.

    `user_name` is None for a token that a client holds for itself. `expires_at` is in seconds
    since the epoch, None where the authorization server did not say. `claims` is the whole
    answer, for claims that have no field here.
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
        """Return the user's name, or the client's where no user is involved."""
        return self.client_id if self.user_name is None else self.user_name


class TokenServices(Protocol):
    """Turn an access token into an `Authentication`.

    It fails closed: whatever is not a clear yes is one of the two errors.
    """

    async def authenticate(self, token: str) -> Authentication:
        """Check the token.

        Raises `InvalidToken` for a token that is not good here, `TemporarilyUnavailable` when
        nobody can say.
        """
        ...

    async def aclose(self) -> None:
        """Release what the checks hold on to."""
        ...
