"""GET and POST /login: the form, and what it leads to.

The only place where people give their passwords; clients never see them (RFC 9700, 2.4).
"""

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import Receive, Scope

from cas_server.authentication.user_authentication import UserAuthentication
from cas_server.endpoints.page_endpoint import PageEndpoint
from cas_server.errors import FormOutdated, InvalidGrant, LoginFailed, TooManyFailures
from cas_server.forms import required
from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler
from cas_server.pages.form_guard import FIELD, FormGuard
from cas_server.pages.forms import form_cookie, sent_form
from cas_server.pages.page import see_other
from cas_server.pages.pages import LoginForm, Pages
from cas_server.pages.return_address import ReturnAddress, return_address
from cas_server.sessions.cookies import FORM
from cas_server.sessions.sessions import Sessions
from cas_server.throttling.throttle import source_address
from chassis.errors import ApiError, InvalidRequest, TemporarilyUnavailable

PATH = "/login"
_PURPOSE = "login"
_RETURN = "return"
_MOST_FIELDS = 8


class Login(PageEndpoint):
    """Log a user in at a browser."""

    def __init__(
        self,
        pages: Pages,
        guard: FormGuard,
        sessions: Sessions,
        users: UserAuthentication,
        *,
        reconciler: IdentityReconciler,
        identities: Identities,
    ) -> None:
        super().__init__(pages)
        self._guard, self._sessions, self._users = guard, sessions, users
        self._reconciler, self._identities = reconciler, identities

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        form = await sent_form(scope, receive)
        if form is None:
            address = return_address(_return_of(scope), self._identities)
            return self._form(scope, address, address.login_hint)
        address = return_address(form.get(_RETURN, ""), self._identities)
        self._guard.refuse_foreign(scope)
        try:
            return await self._logged_in(scope, form, address)
        except (FormOutdated, LoginFailed, TooManyFailures, TemporarilyUnavailable) as error:
            return self._form(scope, address, form.get("username", ""), error)

    async def _logged_in(
        self, scope: Scope, form: Mapping[str, str], address: ReturnAddress
    ) -> Response:
        secure = self._sessions.secure
        self._guard.check(scope, _PURPOSE, FORM.read(scope, secure=secure), form.get(FIELD))
        moment = await self._reconciler.now()
        try:
            user = await self._users.user(
                required(form, "username"),
                required(form, "password"),
                address=source_address(scope),
            )
            cookie = await self._sessions.begin(user, moment, scope)
        except InvalidGrant as error:
            raise LoginFailed from error
        base = self._pages.look.base
        return see_other(base + address.path, (cookie, FORM.clear(secure=secure)))

    def _form(
        self, scope: Scope, address: ReturnAddress, name: str, error: ApiError | None = None
    ) -> Response:
        bound_to, cookies = form_cookie(scope, secure=self._sessions.secure)
        form = LoginForm(self._guard.token(_PURPOSE, bound_to), address, name)
        return self._pages.login(form, error=error, cookies=cookies)


def _return_of(scope: Scope) -> str:
    try:
        text = scope["query_string"].decode("ascii")
        query: dict[str, list[str]] = parse_qs(text, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise InvalidRequest("The query is malformed") from error
    found = query.get(_RETURN, [""])
    if len(found) > 1:
        raise InvalidRequest("The parameter return is repeated")
    return found[0]
