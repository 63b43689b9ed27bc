"""Costs as they are measured here, and runs that check the formulas."""

import itertools
import re
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from redis import Redis

from bench.accounting import cpu_seconds
from bench.capacity import model
from bench.capacity.model import Cost
from bench.capacity.population import Population
from bench.capacity.sends import Send, Sends
from bench.contestants import GETS
from bench.stack import OPEN_PATH, SERVICE, Service, Setup, Stack
from bench.tools import LoadError, load

CACHED_TOKENS, TTL_S, _CACHED_S = 64, 0.5, 6
"""The seconds are many times as long as a response is cached: the first and last count in full."""
_EXPIRY_BYTES = 40
"""An entry of Redis' table of expiries, which MEMORY USAGE leaves out."""
_COUNT = re.compile(
    r'^http_server_requests_seconds_count\{.*uri="/oauth/check_token".*\} ([\d.e+]+)$', re.MULTILINE
)


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
        people = Population()
        self._stack = Stack(
            directory,
            processes,
            Setup(
                environment={
                    "CAS_SERVER__DURABILITY__WAIT_REPLICAS": "1",
                    "CAS_SERVER__MAX_FAMILIES_PER_USER": "100000000",
                },
                secrets={"population.yaml": people.registrations()},
                replicated=True,
            ),
        )
        self._replicas = (self._stack.cas, self._stack.replica())
        self._sends = Sends(people, self._stack.cas)
        self._redis = Redis(port=self._stack.redis_port)

    def warm_up(self) -> None:
        """Send each kind of request to each replica."""
        for replica in self._replicas:
            for send in self._sends.to(replica).values():
                send()

    def costs(self) -> Mapping[str, Cost]:
        """Return the cost of each kind of request, at one replica."""
        sends = self._sends.to(self._stack.cas)
        return {kind: self._cost(send) for kind, send in sends.items()}

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
        sends = [item for one in self._replicas for item in self._sends.to(one).items()]
        before = self._cpu_seconds()
        with ThreadPoolExecutor(len(sends)) as threads:
            counts = list(threads.map(lambda item: item[1](), sends))
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
            tokens = self._sends.tokens[:CACHED_TOKENS]
            run = load(url, GETS, *tokens, connections=16, seconds=_CACHED_S)
            measured = (_checks(self._stack.cas) - before) / _CACHED_S
        predicted = model.checks_a_second(run.rate, CACHED_TOKENS, 1, TTL_S)
        return Checked(
            f"checks of {CACHED_TOKENS} tokens, cached {TTL_S} s", "/s", predicted, measured
        )

    def _cost(self, send: Send) -> Cost:
        before, used = self._cpu_seconds(), self._used_bytes()
        count = send()
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


def _checks(cas: Service) -> float:
    """Return how many checks a replica has served, by its metrics."""
    with urllib.request.urlopen(f"{cas.management}/metrics", timeout=60) as response:
        found = _COUNT.findall(response.read().decode())
    if not found:
        raise LoadError("cas-server counts no checks")
    return sum(map(float, found))
