"""GET and POST /userinfo (OIDC Core, 5.3): claims about the user of an access token."""

from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from cas_server.authentication.local_token_services import LocalTokenServices
from cas_server.endpoints.responses import send_json
from cas_server.forms import FORM_TYPE, form_headers, read_form
from cas_server.identities.identities import Identities
from cas_server.oidc.claims import claims_about
from cas_server.oidc.scopes import OPENID
from chassis.errors import InsufficientScope, InvalidRequest, InvalidToken, MethodNotAllowed
from chassis.security import Unauthenticated
from chassis.security.bearer import bearer_token, is_token, refuse_token_in_uri

USERINFO = "/userinfo"
_PARAMETER = "access_token"
_METHODS = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class UserInfo:
    """Describe the user of a token with the scope `openid`; errors are those of RFC 6750, 3.1."""

    tokens: LocalTokenServices
    identities: Identities

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["method"] not in _METHODS:
            raise MethodNotAllowed("Send a GET or a POST", headers={"Allow": "GET, HEAD, POST"})
        token = await _token(scope, receive)
        if token is None:
            raise Unauthenticated
        caller = await self.tokens.authenticate(token)
        if OPENID not in caller.scopes:
            raise InsufficientScope([OPENID], "The access token lacks the scope openid")
        user = self.identities.user(caller.user_name or "")
        if user is None:
            raise InvalidToken
        await send_json(send, claims_about(user, caller.scopes))


async def _token(scope: Scope, receive: Receive) -> str | None:
    """Return the token in the header or the form; both are an error (RFC 6750, 2)."""
    refuse_token_in_uri(scope["query_string"])
    header = bearer_token(scope["headers"])
    in_form = await _token_in_form(scope, receive)
    if header is None:
        return in_form
    if in_form is not None:
        raise InvalidRequest("The access token is in both the header and the body")
    return header.value


async def _token_in_form(scope: Scope, receive: Receive) -> str | None:
    """Return the token of a POST (RFC 6750, 2.2), whose body may be of another type, or empty."""
    _, content_type = form_headers(scope["headers"])
    is_form = (content_type or b"").partition(b";")[0].strip().lower() == FORM_TYPE
    if scope["method"] != "POST" or not is_form:
        return None
    token = (await read_form(scope, receive)).parameters.get(_PARAMETER)
    if token is not None and not is_token(token):
        raise InvalidToken("The access token is malformed")
    return token
