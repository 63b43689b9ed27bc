"""GET and POST /oauth/authorize, and the consent form's /oauth/authorize/consent.

What can't be told to the client is told to the user: an unknown client, or a redirect URI that is
not registered, is never redirected to (RFC 6749, 4.1.2.1).
"""

from starlette.responses import Response
from starlette.types import Receive, Scope

from cas_server.authorization.flow import AUTHORIZE, AuthorizationFlow
from cas_server.authorization.parameters import read_form_parameters, read_parameters
from cas_server.endpoints.page_endpoint import PageEndpoint
from cas_server.endpoints.responses import only_post
from cas_server.pages.form_guard import FormGuard
from chassis.errors import MethodNotAllowed

CONSENT = f"{AUTHORIZE}/consent"


class Authorize(PageEndpoint):
    """Respond to an authorization request (RFC 6749, 3.1)."""

    def __init__(self, flow: AuthorizationFlow) -> None:
        super().__init__(flow.pages)
        self._flow = flow

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] not in ("GET", "POST"):
            raise MethodNotAllowed("Send a GET or a POST", headers={"Allow": "GET, POST"})
        parameters = await read_parameters(scope, receive)
        if scope["method"] == "POST" and not self._flow.sessions.has_cookie(scope):
            # A browser sends no cookie with another site's form, but with the GET after it.
            return self._flow.by_get(parameters)
        return await self._flow.begin(parameters, scope)


class Consent(PageEndpoint):
    """Take the user's decision about a request, from a form of this server."""

    def __init__(self, flow: AuthorizationFlow, guard: FormGuard) -> None:
        super().__init__(flow.pages)
        self._flow, self._guard = flow, guard

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        only_post(scope)
        self._guard.refuse_foreign(scope)
        return await self._flow.decided(await read_form_parameters(scope, receive), scope)
