"""Costs as they are measured here, and runs that check the formulas."""

import re
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from redis import Redis

from bench.accounting import cpu_seconds
from bench.capacity import model
from bench.capacity.model import Cost
from bench.stack import OPEN_PATH, SERVICE, Service, Stack, basic
from bench.tools import LoadError, load
from cas_server.identities.demo_identities import DEMO_SECRETS

_SCRIPTS = Path(__file__).parents[1]
_CHECKS, _FORMS, _GETS = (_SCRIPTS / f"{name}.lua" for name in ("check_token", "token", "bearer"))
_APP, _USER = "demo-app", "alice"
_ISSUE = "grant_type=client_credentials"
_LOGIN = f"grant_type=password&username={_USER}&password={DEMO_SECRETS[_USER]}"
_SECONDS = 2
TOKENS, TTL_S = 64, 0.5
CHECK, ISSUE, LOGIN = "check_token", "client_credentials", "login"
CONNECTIONS = {CHECK: 16, ISSUE: 16, LOGIN: 4}
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
    return Cost(median(one.replica_us for one in costs), median(one.redis_us for one in costs))


def median_check(checks: Sequence[Checked]) -> Checked:
    """Return the one with the median ratio."""
    return sorted(checks, key=lambda one: one.ratio)[len(checks) // 2]


class Measurement:
    """Two replicas of cas-server and one Redis, and what requests cost there."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._replicas = (stack.cas, stack.replica())
        self._tokens = stack.tokens(TOKENS)
        self._redis = Redis(port=stack.redis_port)

    def warm_up(self) -> None:
        """Send each kind of request to each replica."""
        for replica in self._replicas:
            for kind, send in self._sends(replica).items():
                send(CONNECTIONS[kind])

    def costs(self) -> Mapping[str, Cost]:
        """Return the cost of each kind of request, at one replica."""
        return {kind: self._cost(kind) for kind in CONNECTIONS}

    def token_bytes(self) -> float:
        """Return the bytes of Redis for each of the first tokens."""
        before, issue = self._used_bytes(), self._sends(self._stack.cas)[ISSUE]
        issued = issue(CONNECTIONS[ISSUE]) + issue(CONNECTIONS[ISSUE])
        return (self._used_bytes() - before) / issued

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
            run = load(url, _GETS, *self._tokens, connections=16, seconds=_SECONDS)
            measured = (_checks(self._stack.cas) - before) / _SECONDS
        predicted = model.checks_a_second(run.rate, TOKENS, 1, TTL_S)
        return Checked(f"checks of {TOKENS} tokens, cached {TTL_S} s", "/s", predicted, measured)

    def _cost(self, kind: str) -> Cost:
        send = self._sends(self._stack.cas)[kind]
        before = self._cpu_seconds()
        count = send(CONNECTIONS[kind])
        each = [
            (now - then) / count * 1e6
            for now, then in zip(self._cpu_seconds(), before, strict=True)
        ]
        return Cost(*each)

    def _cpu_seconds(self) -> tuple[float, float]:
        """Return the CPU time of the replicas, and of Redis."""
        replicas = (cpu_seconds(one.pid) or 0.0 for one in self._replicas)
        return sum(replicas), cpu_seconds(self._stack.redis_pid) or 0.0

    def _used_bytes(self) -> float:
        return float(self._redis.info("memory")["used_memory"])

    def _sends(self, cas: Service) -> Mapping[str, Send]:
        return {
            CHECK: partial(_post, cas, "check_token", _CHECKS, (SERVICE, *self._tokens)),
            ISSUE: partial(_post, cas, "token", _FORMS, (SERVICE, _ISSUE)),
            LOGIN: partial(_post, cas, "token", _FORMS, (_APP, _LOGIN)),
        }


def _post(
    cas: Service, endpoint: str, script: Path, arguments: Sequence[str], connections: int
) -> int:
    client, *forms = arguments
    url = f"{cas.url}/oauth/{endpoint}"
    run = load(url, script, basic(client), *forms, connections=connections, seconds=_SECONDS)
    return run.requests


def _checks(cas: Service) -> float:
    """Return how many checks a replica has served, by its metrics."""
    with urllib.request.urlopen(f"{cas.management}/metrics", timeout=60) as response:
        found = _COUNT.findall(response.read().decode())
    if not found:
        raise LoadError("cas-server counts no checks")
    return sum(map(float, found))
