"""The endpoints that people use in their browsers, and the parts that these share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from starlette.types import ASGIApp

from cas_server.administration.holdings import Administration
from cas_server.endpoints import account, login, logout
from cas_server.endpoints.account import Account
from cas_server.endpoints.login import Login
from cas_server.endpoints.logout import Logout
from cas_server.grants.grant_type import GrantContext
from cas_server.pages.form_guard import FormGuard
from cas_server.pages.page import Look
from cas_server.pages.pages import Pages
from cas_server.sessions.consents import Consents
from cas_server.sessions.sessions import Sessions
from cas_server.stores.redis_commands import RedisCommands
from cas_server.stores.session_store import ConsentStore, SessionStore

PAGE_PATHS = (login.PATH, logout.PATH, account.PATH)


@dataclass(frozen=True, slots=True)
class People:
    """Sessions and consents of all users, and the pages about them."""

    sessions: Sessions
    consents: Consents
    pages: Pages
    guard: FormGuard

    @classmethod
    def of(cls, context: GrantContext, commands: RedisCommands) -> Self:
        """Build them on the Redis of the token store."""
        live, keys = context.live, context.keys
        parts = (context.identities, context.reconciler, live)
        return cls(
            sessions=Sessions(SessionStore(commands, keys), *parts),
            consents=Consents(ConsentStore(commands, keys), *parts),
            pages=Pages(Look(live), context.identities),
            guard=FormGuard(keys, live),
        )

    def endpoints(
        self, context: GrantContext, administration: Administration
    ) -> Mapping[str, ASGIApp]:
        """Return the endpoints of the pages, by path."""
        pages, guard, sessions = self.pages, self.guard, self.sessions
        return {
            login.PATH: Login(
                pages,
                guard,
                sessions,
                context.users,
                reconciler=context.reconciler,
                identities=context.identities,
            ),
            logout.PATH: Logout(pages, guard, sessions),
            account.PATH: Account(pages, guard, sessions, self.consents, administration),
        }
