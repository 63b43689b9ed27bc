"""Every page, as a response: what its template needs, and nothing of how it looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from starlette.responses import Response

from cas_server.administration.standing_access import StandingAccess
from cas_server.errors import FormOutdated, LoginFailed, TooManyFailures
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from cas_server.pages.explanations import explanation, wait_of
from cas_server.pages.page import Look, Page
from cas_server.pages.return_address import ReturnAddress
from cas_server.pages.times import ago, date, date_and_time, iso
from cas_server.sessions.consents import Consent
from cas_server.sessions.session import Session
from chassis.errors import ApiError, TemporarilyUnavailable
from chassis.telemetry.trace import current_trace

_SCOPES: Mapping[str, str] = {
    "openid": "Know that it is you",
    "profile": "See your name",
    "email": "See your email address",
    "offline_access": "Stay signed in while you are away",
}
"""What applications may do by the scopes of OpenID Connect; `pages.scopes` has the others."""


class LoginForm(NamedTuple):
    """What the login form has in it: a token, where it leads, and who it may be."""

    token: str
    address: ReturnAddress
    user_name: str = ""


class ConsentRequest(Protocol):
    """An authorization request, as far as a user is asked about it."""

    @property
    def client(self) -> Client:
        """Return the application."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return what it asks for."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """Return the parameters of the request."""


class LoggedIn(Protocol):
    """A session, as far as a page shows it."""

    @property
    def user_name(self) -> str:
        """Return who logged in."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Makes the pages."""

    look: Look
    identities: Identities

    def login(
        self, form: LoginForm, *, error: ApiError | None = None, cookies: Sequence[str] = ()
    ) -> Response:
        """Ask for name and password; with an error, say why once more."""
        address = form.address
        values = {
            "form": form,
            "client": address.client,
            "problem": None if error is None else _problem(error),
            "wrong": isinstance(error, LoginFailed),
        }
        targets = (address.redirect_uri,)
        return Page(self.look, "login", values, error=error, cookies=cookies, form_targets=targets)

    def consent(
        self, request: ConsentRequest, login: LoggedIn, fields: Mapping[str, str]
    ) -> Response:
        """Ask whether an application may have scopes; the form adds `decision` to the fields."""
        redirect_uri = request.parameters.get("redirect_uri", "")
        values = {
            "client": request.client,
            "scopes": [(name, self._meaning(name)) for name in request.scopes],
            "fields": fields,
            "user": self._shown(login.user_name),
            "place": urlsplit(redirect_uri).hostname or "",
        }
        return Page(self.look, "consent", values, form_targets=(redirect_uri,))

    def logout(
        self,
        user_name: str,
        fields: Mapping[str, str],
        *,
        path: str = "/logout",
        leads_to: str = "",
    ) -> Response:
        """Ask whether to log out: a link alone must not (CSRF). The form's response leads on."""
        values = {"user": self._shown(user_name), "fields": fields, "path": path}
        return Page(self.look, "logout", values, form_targets=(leads_to,))

    def logged_out(self, *, cookies: Sequence[str] = ()) -> Response:
        """Say that nobody is logged in any longer."""
        return Page(self.look, "logged_out", {}, cookies=cookies)

    def account(
        self,
        current: Session,
        sessions: Sequence[Session],
        consents: Sequence[Consent],
        standing: Sequence[StandingAccess],
        *,
        token: str,
        done: str = "",
    ) -> Response:
        """List the sessions of a user and the applications that may do something for them.

        An application that was not asked about is listed for the refresh tokens that it has.
        """
        asked = {one.client_id for one in consents}
        unasked = [one for one in standing if one.client_id not in asked]
        values = {
            "user": self._shown(current.user_name),
            "user_name": current.user_name,
            "sessions": [_session(one, current) for one in sessions],
            "applications": [
                *(self._application(one, "Allowed on", one.given_at) for one in consents),
                *(self._application(one, "Has access since", one.since) for one in unasked),
            ],
            "token": token,
            "done": done,
        }
        return Page(self.look, "account", values)

    def refusal(self, error: ApiError) -> Response:
        """Say why there is no page, to a user and to who helps one."""
        trace = current_trace.get()
        values = {
            "told": explanation(error),
            "error": error,
            "reference": trace.trace_id if trace else "",
        }
        return Page(self.look, "error", values, error=error)

    def _shown(self, user_name: str) -> str:
        """Return a user's full name where there is one."""
        user = self.identities.user(user_name)
        return (user.full_name if user else "") or user_name

    def _meaning(self, scope: str) -> str:
        return self.look.settings.scopes.get(scope) or _SCOPES.get(scope, "")

    def _application(
        self, access: Consent | StandingAccess, how: str, began: int
    ) -> Mapping[str, object]:
        return {
            "id": access.client_id,
            "scopes": [(name, self._meaning(name)) for name in access.scopes],
            "how": how,
            "given": date(began),
            "given_iso": iso(began),
            "ends": date(access.ends_at),
            "ends_iso": iso(access.ends_at),
        }


def _session(session: Session, current: Session) -> Mapping[str, object]:
    return {
        "handle": session.handle,
        "device": session.device,
        "is_current": session.handle == current.handle,
        "began": date_and_time(session.authenticated_at),
        "began_iso": iso(session.authenticated_at),
        "seen": ago(session.seen_at),
        "seen_iso": iso(session.seen_at),
    }


def _problem(error: ApiError) -> str:
    """Return what the login form says above its fields."""
    if isinstance(error, LoginFailed):
        return "The user name or the password is wrong. Please try again."
    if isinstance(error, TooManyFailures):
        return f"Too many attempts. {wait_of(error)} Then try again."
    if isinstance(error, FormOutdated):
        return "This page was open for too long. Please log in once more."
    if isinstance(error, TemporarilyUnavailable):
        return "We cannot check your password at the moment. Please try again in a few seconds."
    return error.description
