"""The port through which a resource server learns what an access token is worth."""

from typing import Protocol

from chassis.security.authentication import Authentication


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
