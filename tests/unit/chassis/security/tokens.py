"""Token services for tests: they know some tokens, count the checks, and can delay them."""

import asyncio

from chassis.errors import InvalidToken
from chassis.security.authentication import Authentication

ALICE = Authentication(
    client_id="demo-app",
    user_name="alice",
    scopes=frozenset({"read"}),
    authorities=frozenset({"ROLE_USER"}),
)
ADMIN = Authentication(
    client_id="demo-app",
    user_name="admin",
    scopes=frozenset({"read", "write"}),
    authorities=frozenset({"ROLE_USER", "ROLE_ADMIN"}),
)


class KnownTokens:
    def __init__(self, known: dict[str, Authentication] | None = None) -> None:
        self.known = {"alice": ALICE, "admin": ADMIN} if known is None else known
        self.checks = 0
        self.begun = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.closed = False

    async def authenticate(self, token: str) -> Authentication:
        self.checks += 1
        self.begun.set()
        await self.may_answer.wait()
        if token not in self.known:
            raise InvalidToken
        return self.known[token]

    async def aclose(self) -> None:
        self.closed = True
