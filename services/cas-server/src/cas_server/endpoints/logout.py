"""GET and POST /logout: a link shows the question, the button ends the session."""

from starlette.responses import Response
from starlette.types import Receive, Scope

from cas_server.endpoints.page_endpoint import PageEndpoint
from cas_server.pages.form_guard import FIELD, FormGuard
from cas_server.pages.forms import sent_form
from cas_server.pages.pages import Pages
from cas_server.sessions.sessions import Sessions

PATH = "/logout"
_PURPOSE = "logout"


class Logout(PageEndpoint):
    """Log a user out at a browser; applications keep what they have until it expires."""

    def __init__(self, pages: Pages, guard: FormGuard, sessions: Sessions) -> None:
        super().__init__(pages)
        self._guard, self._sessions = guard, sessions

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        form = await sent_form(scope, receive)
        if form is not None:
            # Its cookie would be missing, as if nobody were logged in.
            self._guard.refuse_foreign(scope)
        session = await self._sessions.current(scope)
        if session is None:
            return self._pages.logged_out()
        if form is None:
            token = self._guard.token(_PURPOSE, session.hash)
            return self._pages.logout(session.user_name, {FIELD: token})
        self._guard.check(scope, _PURPOSE, session.hash, form.get(FIELD))
        return self._pages.logged_out(cookies=[await self._sessions.end_current(scope)])
