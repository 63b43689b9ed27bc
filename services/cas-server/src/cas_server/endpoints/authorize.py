"""GET and POST /oauth/authorize, and the consent form's /oauth/authorize/consent.

What can't be told to the client is told to the user: an unknown client, or a redirect URI that is
not registered, is never redirected to (RFC 6749, 4.1.2.1).
"""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cas_server.authorization.flow import AUTHORIZE, AuthorizationFlow
from cas_server.authorization.parameters import read_form_parameters, read_parameters
from cas_server.endpoints.responses import only_post
from chassis.errors import ApiError

CONSENT = f"{AUTHORIZE}/consent"


@dataclass(frozen=True, slots=True)
class Authorize:
    """Respond to an authorization request (RFC 6749, 3.1)."""

    flow: AuthorizationFlow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        response = await self._response(scope, receive)
        await response(scope, receive, send)

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        try:
            parameters = await read_parameters(scope, receive)
            if scope["method"] == "POST" and await self.flow.sessions.current(scope) is None:
                # A browser sends no cookie with another site's form, but with the GET after it.
                return self.flow.by_get(parameters)
            return await self.flow.begin(parameters, scope)
        except ApiError as error:
            return self.flow.pages.refusal(error)


@dataclass(frozen=True, slots=True)
class Consent:
    """Take the user's decision about a request."""

    flow: AuthorizationFlow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        only_post(scope)
        response = await self._response(scope, receive)
        await response(scope, receive, send)

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        try:
            return await self.flow.decided(await read_form_parameters(scope, receive), scope)
        except ApiError as error:
            return self.flow.pages.refusal(error)
