"""The sessions and consents of people, in pages of users, and their end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from cas_server.administration.ended import Ended, end_codes, ended
from cas_server.administration.holdings import Page
from cas_server.administration.selection import Cursor, Selection
from cas_server.errors import Unconfirmed
from cas_server.sessions.consents import Consent, Consents
from cas_server.sessions.session import Session
from cas_server.sessions.sessions import Sessions
from cas_server.stores.authorization_codes import AuthorizationCodes

MOST_USERS = 100
"""Users of which one page reads all, or one request ends all."""

T = TypeVar("T")


class HeldConsent(NamedTuple):
    """What a user allowed to a client."""

    user_name: str
    consent: Consent


@dataclass(frozen=True, slots=True)
class PeopleHoldings:
    """Lists and ends sessions and consents, which are stored by user."""

    all_sessions: Sessions
    all_consents: Consents
    codes: AuthorizationCodes

    async def sessions(self, selection: Selection) -> Page[Session]:
        """Return live sessions, by user, the one used last first."""
        users, following = _users(selection)
        return Page(await _each(users, self.all_sessions.list), following)

    async def consents(self, selection: Selection) -> Page[HeldConsent]:
        """Return consents, by user and client."""
        users, following = _users(selection)

        async def of(user: str) -> Sequence[HeldConsent]:
            found = await self.all_consents.list(user)
            return [HeldConsent(user, one) for one in found if one.client_id in selection.clients]

        return Page(await _each(users, of), following)

    async def end_sessions(self, selection: Selection) -> Ended:
        """End all sessions of the users of one page."""
        page = await self.sessions(selection)
        return await ended(page.items, self._end, page.next)

    async def end_session(self, user_name: str, handle: str) -> Ended:
        """End one session of a user."""
        try:
            return Ended(int(await self.all_sessions.end(user_name, handle)))
        except Unconfirmed as error:
            return Ended(error.result, failure=error)

    async def end_consents(self, selection: Selection) -> Ended:
        """Withdraw the consents of one page, which ends what the clients have of them.

        Codes end also where no consent was asked for: each would be a family a moment later.
        """
        codes = await end_codes(self.codes, _users(selection)[0], selection.client)
        page = await self.consents(selection)
        return (await ended(page.items, self._withdraw, page.next)).besides(codes)

    async def _end(self, session: Session) -> None:
        await self.all_sessions.end(session.user_name, session.handle)

    async def _withdraw(self, held: HeldConsent) -> None:
        await self.all_consents.withdraw(held.user_name, held.consent.client_id)


def _users(selection: Selection) -> tuple[Sequence[str], Cursor | None]:
    """Return the users of a page, and the cursor behind them where there are more."""
    after = selection.after.user_name if selection.after else ""
    users = [name for name in selection.users if name > after]
    more = len(users) > MOST_USERS
    return users[:MOST_USERS], Cursor("", users[MOST_USERS - 1], 0) if more else None


async def _each(users: Sequence[str], of: Callable[[str], Awaitable[Sequence[T]]]) -> Sequence[T]:
    """Read of all users in one turn of the event loop, so in one pipeline."""
    return [one for found in await asyncio.gather(*map(of, users)) for one in found]
