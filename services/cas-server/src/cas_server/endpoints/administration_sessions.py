"""/admin/v1/sessions and /admin/v1/consents: what people have at browsers, and allowed."""

from typing import Annotated

from fastapi import APIRouter, Path

from cas_server.administration.people_holdings import PeopleHoldings
from cas_server.endpoints import administration_rows as rows
from cas_server.endpoints.administration_parts import (
    By,
    CursorText,
    Name,
    OfWhom,
    Whose,
    add,
    selected,
)
from cas_server.identities.identities import Identities
from chassis.errors import NotFound
from chassis.normal_form import nfc

SessionHandle = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class SessionAdministration:
    """The routes; a page has all of up to 100 users."""

    def __init__(self, identities: Identities, people: PeopleHoldings) -> None:
        self._identities, self._people = identities, people

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        add(router, "GET", "/sessions", self.sessions, rows.Sessions)
        add(router, "DELETE", "/sessions", self.end_sessions, rows.Ended)
        add(router, "DELETE", "/sessions/{session}", self.end_session, rows.Ended)
        add(router, "GET", "/consents", self.consents, rows.ConsentPage)
        add(router, "DELETE", "/consents", self.end_consents, rows.Ended)

    async def sessions(self, username: Name = "", cursor: CursorText = "") -> rows.Sessions:
        """Return the live sessions of browsers, by user, the one used last first."""
        return rows.sessions(
            await self._people.sessions(selected(self._identities, Whose("", username, cursor)))
        )

    async def end_sessions(self, username: Name, by: By) -> rows.Ended:
        """End all sessions of a user; tokens that were got in them live on."""
        ended = await self._people.end_sessions(selected(self._identities, Whose("", username)))
        return by.ended(ended, "sessions", username=username)

    async def end_session(self, session: SessionHandle, username: Name, by: By) -> rows.Ended:
        """End one session of a user."""
        selected(self._identities, Whose("", username))
        ended = await self._people.end_session(nfc(username), session)
        if not ended.number and ended.failure is None:
            raise NotFound("The user has no such session; it may have ended")
        return by.ended(ended, "sessions", username=username)

    async def consents(self, whose: OfWhom) -> rows.ConsentPage:
        """Return what users allowed to clients, by user and client."""
        selection = selected(self._identities, whose)
        return rows.consents(await self._people.consents(selection))

    async def end_consents(self, whose: OfWhom, by: By) -> rows.Ended:
        """Withdraw consents of a client, a user, or both, and end families and codes of each."""
        selection = selected(self._identities, whose, somebody=True)
        ended = await self._people.end_consents(selection)
        return by.ended(ended, "consents", whose.client_id, whose.username)
