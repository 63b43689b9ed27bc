"""GET and POST /connect/logout (OpenID Connect RP-Initiated Logout 1.0), and its form.

An application that has an id_token of the user logs the user out at once. Anybody else could be a
link on any page, so that the user is asked.
"""

from urllib.parse import urlencode

from starlette.responses import Response
from starlette.types import Receive, Scope

from cas_server.authorization.parameters import Parameters, read_form_parameters, read_parameters
from cas_server.endpoints.page_endpoint import PageEndpoint
from cas_server.endpoints.responses import only_post
from cas_server.identities.identities import Identities
from cas_server.oidc.claims import subject_of
from cas_server.oidc.id_token_hints import IdTokenHints
from cas_server.oidc.logout_request import LogoutRequest
from cas_server.pages.form_guard import FIELD, FormGuard
from cas_server.pages.page import see_other
from cas_server.pages.pages import Pages
from cas_server.sessions.sessions import Sessions
from chassis.errors import MethodNotAllowed

END_SESSION = "/connect/logout"
CONFIRMED = f"{END_SESSION}/confirm"
_PURPOSE = "logout at an application"


class EndSession(PageEndpoint):
    """Log a user out for an application, and lead back to it."""

    def __init__(
        self,
        pages: Pages,
        guard: FormGuard,
        sessions: Sessions,
        identities: Identities,
        hints: IdTokenHints,
    ) -> None:
        super().__init__(pages)
        self._guard, self._sessions = guard, sessions
        self._identities, self._hints = identities, hints

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] not in ("GET", "POST"):
            raise MethodNotAllowed("Send a GET or a POST", headers={"Allow": "GET, POST"})
        parameters = await read_parameters(scope, receive)
        request = self._request(parameters)
        session = await self._sessions.current(scope)
        if session is None:
            if scope["method"] == "POST":
                # A browser sends no cookie with another site's form, but with the GET after it.
                return see_other(f"{self._pages.look.base}{END_SESSION}?{_query(request)}")
            return self._ended(request)
        if request.subject == subject_of(session.user_name):
            return self._ended(request, await self._sessions.end_current(scope))
        token = self._guard.token(_PURPOSE, session.hash)
        fields = {**request.parameters, FIELD: token}
        return self._pages.logout(
            session.user_name, fields, path=CONFIRMED, leads_to=request.redirect_uri
        )

    def _request(self, parameters: Parameters) -> LogoutRequest:
        parameters.refuse_repeated()
        return LogoutRequest.of(parameters.values, self._identities, self._hints)

    def _ended(self, request: LogoutRequest, *cookies: str) -> Response:
        if not request.redirect_uri:
            return self._pages.logged_out(cookies=cookies)
        uri, state = request.redirect_uri, request.state
        query = urlencode({"state": state}) if state else ""
        joined = f"{uri}{'&' if '?' in uri else '?'}{query}" if query else uri
        return see_other(joined, cookies)


class LogoutConfirmed(EndSession):
    """Take the user's answer."""

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        only_post(scope)
        parameters = await read_form_parameters(scope, receive)
        request = self._request(parameters)
        session = await self._sessions.current(scope)
        if session is None:
            return self._ended(request)
        self._guard.check(scope, _PURPOSE, session.hash, parameters.values.get(FIELD))
        return self._ended(request, await self._sessions.end_current(scope))


def _query(request: LogoutRequest) -> str:
    return urlencode(request.parameters)
