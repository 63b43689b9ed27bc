"""Token services that know a few tokens, for applications under test."""

from collections.abc import Mapping

from chassis.errors import InvalidToken

from chassis import Authentication

ALICE = Authentication(
    client_id="demo-app",
    user_name="alice",
    scopes=frozenset({"read", "write"}),
    authorities=frozenset({"ROLE_USER"}),
)
ADMIN = Authentication(
    client_id="demo-app",
    user_name="admin",
    scopes=frozenset({"read", "write"}),
    authorities=frozenset({"ROLE_USER", "ROLE_ADMIN"}),
)
READER = Authentication(client_id="read-only-app", scopes=frozenset({"read"}))
WRITER = Authentication(client_id="write-only-app", scopes=frozenset({"write"}))


class KnownTokens:
    """Know the callers above by their names; any other token is invalid."""

    def __init__(self) -> None:
        callers = (ALICE, ADMIN, READER, WRITER)
        self._callers: Mapping[str, Authentication] = {caller.name: caller for caller in callers}

    async def authenticate(self, token: str) -> Authentication:
        """Return the caller whose name the token is."""
        if token not in self._callers:
            raise InvalidToken
        return self._callers[token]

    async def aclose(self) -> None:
        """Hold nothing."""


def bearer(name: str) -> dict[str, str]:
    """Return the header that makes a call in someone's name."""
    return {"Authorization": f"Bearer {name}"}
