"""The kinds of requests whose costs are measured, and how each is sent."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import httpx

from bench.capacity.population import Population
from bench.contestants import CHECK_TOKEN_PATH, CHECKS, ISSUES, TOKEN_PATH
from bench.logins import Logins, Session
from bench.stack import SERVICE, Service, basic, issued_token
from bench.tools import SECONDS, load
from suitectl.identities import login_client

CHECK, ISSUE, LOGIN = "check_token", "client_credentials", "login (password grant)"
BROWSER, CODE = "login in a browser, to its code", "code of a session, exchanged"
AT_ONCE = {CHECK: 16, ISSUE: 16, LOGIN: 1, BROWSER: 1, CODE: 2}
_TOKENS = 2_048
"""More than the records that a replica remembers."""
_SESSIONS = 16
"""Users whose codes are exchanged; the others log in, and twenty sessions of one end the first."""

Send = Callable[[], int]
"""Sends requests for some seconds; returns how many."""


class Sends:
    """Sends as the clients and users of a population, each in turn."""

    def __init__(self, people: Population, cas: Service) -> None:
        self._people = people
        self._own = [basic(name, people.secret) for name in people.clients]
        issuers = itertools.islice(itertools.cycle(self._own), _TOKENS)
        self.tokens = [issued_token(f"{cas.url}{TOKEN_PATH}", one) for one in issuers]
        self._sessions: dict[int, Sequence[Session]] = {}

    def to(self, cas: Service) -> Mapping[str, Send]:
        """Return what sends each kind to a replica."""
        if cas.pid not in self._sessions:
            users = self._people.users[:_SESSIONS]
            self._sessions[cas.pid] = [self._logins(cas, user).log_in() for user in users]
        app = basic(login_client())
        issues = [part for own in self._own for part in (own, "grant_type=client_credentials")]
        logins = [part for form in self._password_forms() for part in (app, form)]
        browsers = [self._logins(cas, user).log_in for user in self._people.users[_SESSIONS:]]
        checks = (basic(SERVICE), *self.tokens)
        return {
            CHECK: partial(_load, f"{cas.url}{CHECK_TOKEN_PATH}", CHECKS, checks, AT_ONCE[CHECK]),
            ISSUE: partial(_load, f"{cas.url}{TOKEN_PATH}", ISSUES, issues, AT_ONCE[ISSUE]),
            LOGIN: partial(_load, f"{cas.url}{TOKEN_PATH}", ISSUES, logins, AT_ONCE[LOGIN]),
            BROWSER: partial(_again_and_again, browsers, AT_ONCE[BROWSER]),
            CODE: partial(_exchange, cas, app, self._sessions[cas.pid], AT_ONCE[CODE]),
        }

    def _logins(self, cas: Service, user: str) -> Logins:
        return Logins(cas.url, user=user, password=self._people.password)

    def _password_forms(self) -> Iterator[str]:
        for user in self._people.users:
            form = {"grant_type": "password", "username": user, "password": self._people.password}
            yield urlencode(form)


def _load(url: str, script: Path, arguments: Sequence[str], connections: int) -> int:
    return load(url, script, *arguments, connections=connections).requests


def _exchange(cas: Service, app: str, sessions: Sequence[Session], callers: int) -> int:
    """Ask for codes where users are logged in, and exchange them."""
    headers = {"Authorization": app}
    with httpx.Client(base_url=cas.url, headers=headers, trust_env=False) as client:

        def exchange(session: Session) -> None:
            client.post(TOKEN_PATH, data=session.redemption()).raise_for_status()

        return _again_and_again([partial(exchange, one) for one in sessions], callers)


def _again_and_again(acts: Sequence[Callable[[], object]], callers: int) -> int:
    """Do them in turn for some seconds, where wrk can not; return how many were done."""
    ends, turns = time.monotonic() + SECONDS, itertools.cycle(acts)

    def call(_: int) -> int:
        count = 0
        while time.monotonic() < ends:
            next(turns)()
            count += 1
        return count

    with ThreadPoolExecutor(callers) as threads:
        return sum(threads.map(call, range(callers)))
