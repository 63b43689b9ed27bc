"""Costs as they are measured here, and runs that check the formulas."""

import itertools
import re
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import httpx
from redis import Redis

from bench.accounting import cpu_seconds
from bench.capacity import model
from bench.capacity.model import Cost
from bench.capacity.population import Population
from bench.contestants import CHECK_TOKEN_PATH, TOKEN_PATH
from bench.logins import Logins, Session
from bench.stack import OPEN_PATH, SERVICE, Service, Setup, Stack, basic, issued_token
from bench.tools import LoadError, load
from suitectl.identities import login_client

_SCRIPTS = Path(__file__).parents[1]
_CHECKS, _FORMS, _GETS = (_SCRIPTS / f"{name}.lua" for name in ("check_token", "token", "bearer"))
_APP = login_client()
_ISSUE = "grant_type=client_credentials"
_SECONDS = 2
TOKENS = 2_048
"""More than the records that a replica remembers."""
CACHED_TOKENS, TTL_S, _CACHED_S = 64, 0.5, 6
"""The seconds are many times as long as a response is cached: the first and last count in full."""
CHECK, ISSUE, LOGIN = "check_token", "client_credentials", "login (password grant)"
BROWSER, CODE = "login in a browser, to its code", "code of a session, exchanged"
CONNECTIONS = {CHECK: 16, ISSUE: 16, LOGIN: 1, BROWSER: 1, CODE: 2}
_EXPIRY_BYTES = 40
"""An entry of Redis' table of expiries, which MEMORY USAGE leaves out."""
_COUNT = re.compile(
    r'^http_server_requests_seconds_count\{.*uri="/oauth/check_token".*\} ([\d.e+]+)$', re.MULTILINE
)

Send = Callable[[int], int]
"""Sends requests for some seconds over a number of connections; returns how many."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a formula predicts, and what was measured."""

    title: str
    unit: str
    predicted: float
    measured: float

    @property
    def ratio(self) -> float:
        """Return the measured over the predicted."""
        return self.measured / self.predicted


def median_cost(costs: Sequence[Cost]) -> Cost:
    """Return the median of each part."""
    parts = zip(*((one.replica_us, one.redis_us, one.redis_bytes) for one in costs), strict=True)
    return Cost(*map(median, parts))


def median_check(checks: Sequence[Checked]) -> Checked:
    """Return the one with the median ratio."""
    return sorted(checks, key=lambda one: one.ratio)[len(checks) // 2]


class Measurement:
    """Two replicas of cas-server, a Redis with a replica as in production, and what requests cost.

    Requests are of many clients and users in turn.
    """

    def __init__(self, directory: Path, processes: ExitStack) -> None:
        self._people = Population()
        self._stack = Stack(
            directory,
            processes,
            Setup(
                environment={
                    "CAS_SERVER__DURABILITY__WAIT_REPLICAS": "1",
                    "CAS_SERVER__MAX_FAMILIES_PER_USER": "100000000",
                },
                secrets={"population.yaml": self._people.registrations()},
                replicated=True,
            ),
        )
        self._replicas = (self._stack.cas, self._stack.replica())
        self._own = [basic(name, self._people.secret) for name in self._people.clients]
        url = f"{self._stack.cas.url}{TOKEN_PATH}"
        self._tokens = [issued_token(url, self._own[n % len(self._own)]) for n in range(TOKENS)]
        self._redis = Redis(port=self._stack.redis_port)
        self._sessions = {
            replica.pid: [self._logins(replica, user).log_in() for user in self._people.users]
            for replica in self._replicas
        }

    def warm_up(self) -> None:
        """Send each kind of request to each replica."""
        for replica in self._replicas:
            for kind, send in self._sends(replica).items():
                send(CONNECTIONS[kind])

    def costs(self) -> Mapping[str, Cost]:
        """Return the cost of each kind of request, at one replica."""
        return {kind: self._cost(kind) for kind in CONNECTIONS}

    def family_bytes(self) -> float:
        """Return what Redis has of a family of refresh tokens once its access token has expired."""
        families = list(itertools.islice(self._redis.scan_iter("f:*", count=1_000), 500))
        indexes = list(self._redis.scan_iter("g:f:*", count=1_000))
        entries = sum(self._redis.zcard(name) for name in indexes)
        return (
            self._usage(families) / len(families) + self._usage(indexes) / entries + _EXPIRY_BYTES
        )

    def _usage(self, names: Iterable[bytes]) -> int:
        return sum(self._redis.memory_usage(name, samples=0) or 0 for name in names)

    def mix(self, costs: Mapping[str, Cost]) -> Sequence[Checked]:
        """Send all kinds to two replicas at once; their CPU must be that of the requests."""
        sends = [item for one in self._replicas for item in self._sends(one).items()]
        before = self._cpu_seconds()
        with ThreadPoolExecutor(len(sends)) as threads:
            counts = list(threads.map(lambda item: item[1](CONNECTIONS[item[0]]), sends))
        measured = [now - then for now, then in zip(self._cpu_seconds(), before, strict=True)]
        mix = dict.fromkeys(costs, 0.0)
        for (kind, _), count in zip(sends, counts, strict=True):
            mix[kind] += count
        titles = ("CPU of two replicas, a mix", "CPU of Redis, the same mix")
        predicted = model.cpu_seconds(mix, costs)
        return [
            Checked(title, "s", *both)
            for title, *both in zip(titles, predicted, measured, strict=True)
        ]

    def cache(self) -> Checked:
        """Load a resource service that caches checks, and count those that reach cas-server."""
        environment = {
            "SECURITY__PATH__IGNORES": "/nothing-is-open",
            "SECURITY__OAUTH2__RESOURCE__CACHE_TTL": f"{TTL_S}s",
        }
        with self._stack.running(SERVICE, environment) as service:
            before = _checks(self._stack.cas)
            url = f"{service.url}{OPEN_PATH}"
            tokens = self._tokens[:CACHED_TOKENS]
            run = load(url, _GETS, *tokens, connections=16, seconds=_CACHED_S)
            measured = (_checks(self._stack.cas) - before) / _CACHED_S
        predicted = model.checks_a_second(run.rate, CACHED_TOKENS, 1, TTL_S)
        return Checked(
            f"checks of {CACHED_TOKENS} tokens, cached {TTL_S} s", "/s", predicted, measured
        )

    def _cost(self, kind: str) -> Cost:
        send = self._sends(self._stack.cas)[kind]
        before, used = self._cpu_seconds(), self._used_bytes()
        count = send(CONNECTIONS[kind])
        replicas, redis = (
            (now - then) / count * 1e6
            for now, then in zip(self._cpu_seconds(), before, strict=True)
        )
        return Cost(replicas, redis, max((self._used_bytes() - used) / count, 0.0))

    def _cpu_seconds(self) -> tuple[float, float]:
        """Return the CPU time of the replicas, and of Redis."""
        replicas = (cpu_seconds(one.pid) or 0.0 for one in self._replicas)
        return sum(replicas), cpu_seconds(self._stack.redis_pid) or 0.0

    def _used_bytes(self) -> float:
        return float(self._redis.info("memory")["used_memory"])

    def _logins(self, cas: Service, user: str) -> Logins:
        return Logins(cas.url, user=user, password=self._people.password)

    def _password_forms(self) -> Iterator[str]:
        for user in self._people.users:
            form = {"grant_type": "password", "username": user, "password": self._people.password}
            yield urlencode(form)

    def _sends(self, cas: Service) -> Mapping[str, Send]:
        issues = [argument for own in self._own for argument in (own, _ISSUE)]
        logins = [argument for form in self._password_forms() for argument in (basic(_APP), form)]
        browsers = [self._logins(cas, user).log_in for user in self._people.users]
        return {
            CHECK: partial(_post, cas, CHECK_TOKEN_PATH, _CHECKS, (basic(SERVICE), *self._tokens)),
            ISSUE: partial(_post, cas, TOKEN_PATH, _FORMS, issues),
            LOGIN: partial(_post, cas, TOKEN_PATH, _FORMS, logins),
            BROWSER: partial(_again_and_again, browsers),
            CODE: partial(_exchange, cas, self._sessions[cas.pid]),
        }


def _post(cas: Service, path: str, script: Path, arguments: Sequence[str], connections: int) -> int:
    url = f"{cas.url}{path}"
    return load(url, script, *arguments, connections=connections, seconds=_SECONDS).requests


def _exchange(cas: Service, sessions: Sequence[Session], connections: int) -> int:
    """Ask for codes where users are logged in, and exchange them."""
    headers = {"Authorization": basic(_APP)}
    with httpx.Client(base_url=cas.url, headers=headers, trust_env=False) as client:

        def exchange(session: Session) -> None:
            client.post(TOKEN_PATH, data=session.redemption()).raise_for_status()

        return _again_and_again([partial(exchange, one) for one in sessions], connections)


def _again_and_again(acts: Sequence[Callable[[], object]], callers: int) -> int:
    """Do them in turn for some seconds, where no load generator can; return how many were done."""
    ends, turns = time.monotonic() + _SECONDS, itertools.cycle(acts)

    def call(_: int) -> int:
        count = 0
        while time.monotonic() < ends:
            next(turns)()
            count += 1
        return count

    with ThreadPoolExecutor(callers) as threads:
        return sum(threads.map(call, range(callers)))


def _checks(cas: Service) -> float:
    """Return how many checks a replica has served, by its metrics."""
    with urllib.request.urlopen(f"{cas.management}/metrics", timeout=60) as response:
        found = _COUNT.findall(response.read().decode())
    if not found:
        raise LoadError("cas-server counts no checks")
    return sum(map(float, found))
