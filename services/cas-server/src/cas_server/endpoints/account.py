"""GET and POST /account: a user's sessions and what applications may do, each with an end."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope

from cas_server.administration.holdings import Administration
from cas_server.administration.standing_access import standing_access
from cas_server.endpoints import login
from cas_server.endpoints.page_endpoint import PageEndpoint
from cas_server.pages.form_guard import FIELD, FormGuard
from cas_server.pages.forms import sent_form
from cas_server.pages.page import see_other
from cas_server.pages.pages import Pages
from cas_server.pages.return_address import ACCOUNT
from cas_server.sessions.audited import audited
from cas_server.sessions.consents import Consents
from cas_server.sessions.session import Session
from cas_server.sessions.sessions import Sessions
from chassis.errors import InvalidRequest
from chassis.telemetry.audit import AuditEvent, audit

PATH = ACCOUNT
_PURPOSE = "account"
_DONE = {
    b"done=session": "The session has ended.",
    b"done=others": "All other sessions have ended.",
    b"done=application": "The application has no access any longer.",
}


class Account(PageEndpoint):
    """Show what a user has, and end it."""

    def __init__(
        self,
        pages: Pages,
        guard: FormGuard,
        sessions: Sessions,
        consents: Consents,
        administration: Administration,
    ) -> None:
        super().__init__(pages)
        self._guard, self._sessions, self._consents = guard, sessions, consents
        self._administration = administration

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        form = await sent_form(scope, receive)
        if form is not None:
            self._guard.refuse_foreign(scope)
        current = await self._sessions.current(scope)
        base = self._pages.look.base
        if current is None:
            return see_other(f"{base}{login.PATH}?return={ACCOUNT}")
        if form is None:
            return await self._page(scope, current)
        self._guard.check(scope, _PURPOSE, current.hash, form.get(FIELD))
        return see_other(f"{base}{ACCOUNT}{await self._end(current, form)}")

    async def _page(self, scope: Scope, current: Session) -> Response:
        sessions = await self._sessions.list(current.user_name)
        consents = await self._consents.list(current.user_name)
        standing = await standing_access(self._administration, current.user_name)
        token = self._guard.token(_PURPOSE, current.hash)
        done = _DONE.get(scope["query_string"], "")
        return self._pages.account(current, sessions, consents, standing, token=token, done=done)

    async def _end(self, current: Session, form: Mapping[str, str]) -> str:
        """End what the form names; return the query that says so. What is gone already is fine."""
        user = current.user_name
        if handle := form.get("session"):
            await self._sessions.end(user, handle)
            return "?done=session"
        if client := form.get("application"):
            await self._withdraw(user, client)
            return "?done=application"
        if form.get("others"):
            await self._sessions.end_all(user, but=current.handle)
            return "?done=others"
        raise InvalidRequest("The form names nothing to end: session, application or others")

    async def _withdraw(self, user: str, client: str) -> None:
        def tell(_: int) -> None:
            audit(AuditEvent.CONSENT_WITHDRAWN, user=user, client=client)

        await audited(self._consents.withdraw(user, client), tell)
