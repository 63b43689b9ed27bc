"""People at browsers: sessions, consents and codes, which end with each other.

The rules of docs/design/sessions.md and code-flow.md.
"""

import re
import secrets
import time
from dataclasses import dataclass, field
from html import unescape
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from cas_server.authorization.pkce import challenge_of
from fuzz.token_states.comparison import Comparison
from fuzz.token_states.identities import CALLBACK, KINDS, Client, User
from fuzz.token_states.reference import Family, Held, Span
from fuzz.token_states.world import Reply

CLIENTS, USERS = st.sampled_from(sorted(KINDS)), st.sampled_from(("ann", "bob"))
REPLICAS, PLACES = st.integers(0, 1), st.integers(0, 3)
_SCOPE = "read"
H = TypeVar("H", bound=Held)
_CODE_S = 60
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@dataclass(eq=False)
class Session(Held):
    """A login at a browser, and its cookies."""

    cookies: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(eq=False)
class Consent(Held):
    """What a user allowed to a client."""


@dataclass(eq=False, kw_only=True)
class Code(Held):
    """A code; `family` is what it was exchanged for."""

    begins_family = True
    value: str = field(repr=False)
    verifier: str = field(repr=False)
    session: Session
    ends: Span
    family: Family | None = None


class AtBrowsers(Comparison):
    """Rules of the code flow: its parts end with their session, their consent and each other."""

    @rule(client=CLIENTS, user=USERS, replica=REPLICAS, uses=st.sampled_from((0, 0, 1, 2)))
    def authorize(self, client: str, user: str, replica: int, uses: int) -> None:
        """Get a code, and use it that often."""
        if code := self.code(self.client(client), self.user(user), replica):
            for turn in range(uses):
                self.redeem(code, None, (replica + turn) % 2)

    @precondition(lambda self: self.held(Code))
    @rule(place=PLACES, client=st.none() | CLIENTS, replica=REPLICAS)
    def use_a_code(self, place: int, client: str | None, replica: int) -> None:
        """Use any code, perhaps one that was used, or by another client."""
        codes = self.held(Code)
        self.redeem(codes[-1 - place % len(codes)], client, replica)

    def use_all_codes(self) -> None:
        """Use each code, those that wait first: a second use ends what others are compared with."""
        for code in sorted(self.held(Code), key=lambda one: one.family is not None):
            self.redeem(code, None, self.turn % 2)

    @precondition(lambda self: self.alive(Session))
    @rule(place=PLACES, client=st.sampled_from((None, None, *sorted(KINDS))), replica=REPLICAS)
    def withdraw(self, place: int, client: str | None, replica: int) -> None:
        """Take back what a user allowed to a client, to that of the latest code without one."""
        session, codes = self.present_session(place), self.held(Code)
        of_user = [one.client for one in codes if one.session is session]
        name = self.client(client or "jwt").name
        if of_user and client is None:
            name = of_user[-1]
        self.press(session, "/account", {"application": name}, replica)
        ended: list[Held | Family] = [*self.reference.held, *self.reference.families]
        for one in ended:
            if (one.client, one.user) == (name, session.user):
                _end(one)

    @precondition(lambda self: self.alive(Session))
    @rule(place=PLACES, replica=REPLICAS)
    def log_out(self, place: int, replica: int) -> None:
        """Log out at a browser."""
        session = self.present_session(place)
        self.press(session, "/logout", {}, replica)
        session.stored = False
        for code in self.held(Code):
            if code.session is session:
                _end(code)

    def code(self, app: Client, who: User, replica: int) -> Code | None:
        """Have a user allow a client what it asks for; None where one of them has ended."""
        session = self.session(who, replica)
        if session is None:
            return None
        verifier = secrets.token_urlsafe(32)
        request = {
            "response_type": "code",
            "client_id": app.name,
            "redirect_uri": CALLBACK,
            "scope": _SCOPE,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        path, world = "/oauth/authorize", self.world
        began = time.time()
        page = world.page("GET", path, replica, session.cookies, params=request)
        if not app.enabled:
            assert page.status_code == 400, page.text
            return None
        names = app.name, who.name
        allowed = [one for one in self.alive(Consent) if (one.client, one.user) == names]
        assert page.status_code == (303 if allowed else 200), (page.status_code, page.text)
        if not allowed:
            form = _fields(page) | {"decision": "allow"}
            page = world.page("POST", f"{path}/consent", 1 - replica, session.cookies, data=form)
            self.reference.held.append(Consent(*names, self.known.record_keys[0]))
        code = Code(
            *names,
            self.known.record_keys[0],
            value=_code(page),
            verifier=verifier,
            session=session,
            ends=Span(began + _CODE_S, time.time() + _CODE_S),
        )
        self.reference.held.append(code)
        return code

    def redeem(self, code: Code, client: str | None, replica: int) -> None:
        """Exchange a code, by its client or another one."""
        app = self.client(client) if client else self.known.clients[code.client]
        if "refresh_token" not in app.grants:
            return  # its token would be a family of its own
        form = {
            "grant_type": "authorization_code",
            "code": code.value,
            "redirect_uri": CALLBACK,
            "code_verifier": code.verifier,
        }
        reply = self.send("/oauth/token", form, app, "", replica)
        if not app.enabled:
            self.refused(reply, "invalid_client")
        elif self.is_good(code, app, reply):
            self.exchanged(code, app, reply)
        else:
            self.refused(reply, "invalid_grant")

    def is_good(self, code: Code, app: Client, reply: Reply) -> bool:
        """Return whether a code is exchanged; a second use ends what the first one got."""
        known = code.record_key in self.known.record_keys
        if app.name != code.client or not known or not code.alive:
            return False
        if code.family is not None:
            code.family.end()
            return False
        over = code.ends.over(reply)
        if over is None:
            reject()
        return not over

    def exchanged(self, code: Code, app: Client, reply: Reply) -> None:
        """Enter what a code was exchanged for."""
        assert reply.status == 200, (code, reply)
        who = self.known.users[code.user]
        code.family = self.reference.begun(reply, app, who, "authorization_code")
        self.issued(reply, app, who, code.family)

    def session(self, who: User, replica: int) -> Session | None:
        """Return a session of a user, who logs in where there is none."""
        for one in self.alive(Session):
            if one.user == who.name:
                return one
        if not who.exists:
            return None
        page = self.world.page("GET", "/login", replica, {})
        form = _fields(page) | {"username": who.name, "password": who.passwords[0].text}
        cookies = dict(page.cookies)
        page = self.world.page("POST", "/login", 1 - replica, cookies, data=form)
        assert page.status_code == 303, page.text
        key = self.known.record_keys[0]
        session = Session("", who.name, key, cookies={"session": page.cookies["session"]})
        self.reference.held.append(session)
        return session

    def present_session(self, place: int) -> Session:
        """Return any session that goes on."""
        sessions = self.alive(Session)
        return sessions[-1 - place % len(sessions)]

    def press(self, session: Session, path: str, form: dict[str, str], replica: int) -> None:
        """Press a button of a page."""
        page = self.world.page("GET", path, replica, session.cookies)
        sent = _fields(page) | form
        page = self.world.page("POST", path, 1 - replica, session.cookies, data=sent)
        assert page.status_code in {200, 303}, page.text
        assert "location" not in page.headers or "login" not in page.headers["location"]

    def held(self, kind: type[H]) -> list[H]:
        """Return what there is and was of a kind."""
        return [one for one in self.reference.held if isinstance(one, kind)]

    def alive(self, kind: type[H]) -> list[H]:
        """Return what there is of a kind."""
        return [one for one in self.held(kind) if one.alive]


def _end(one: Held | Family) -> None:
    """End it; a code that was used is remembered."""
    if isinstance(one, Family):
        one.end()
    elif not (isinstance(one, Code) and one.family is not None):
        one.stored = False


def _fields(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a page."""
    assert page.status_code == 200, (page.status_code, page.text)
    return {unescape(name): unescape(value) for name, value in _HIDDEN.findall(page.text)}


def _code(page: httpx.Response) -> str:
    """Return the code of a redirect to the client."""
    assert page.status_code == 303, page.text
    query = parse_qs(urlsplit(page.headers["location"]).query, strict_parsing=True)
    assert query.keys() == {"code", "iss"}, query
    return query["code"][0]
