"""Who is calling, as the authorization server said it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
