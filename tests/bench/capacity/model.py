"""The formulas of docs/design/capacity.md, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass

UTILISATION = 0.7
"""The share of a core that is planned with: above it, waiting times grow out of proportion."""
FILL = 0.9
"""The share of Redis' maxmemory that is planned with; it refuses writes at the whole."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request: CPU in µs, of a replica of cas-server and of Redis; bytes in Redis."""

    replica_us: float
    redis_us: float
    redis_bytes: float = 0.0

    def seconds(self, requests: float) -> tuple[float, float]:
        """Return the CPU seconds that this many requests take: of replicas, of Redis."""
        return requests * self.replica_us / 1e6, requests * self.redis_us / 1e6


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of something, and what limits it."""

    most: float
    by: str


def requests_a_second(cost: Cost, replicas: int, *, cores: float = 1.0) -> Limit:
    """Return what N replicas, with this many cores each, and one Redis serve.

    An event loop and Redis use one core at most; hashes of passwords run beside the loop.
    """
    at_replicas = replicas * cores * UTILISATION * 1e6 / cost.replica_us
    at_redis = UTILISATION * 1e6 / cost.redis_us
    if at_replicas <= at_redis:
        return Limit(at_replicas, "replicas")
    return Limit(at_redis, "Redis")


def live_tokens(maxmemory: float, token_bytes: float) -> float:
    """Return the live tokens that Redis has room for."""
    return maxmemory * FILL / token_bytes


def logins_a_day(maxmemory: float, family_bytes: float, days: float) -> float:
    """Return the logins that Redis has room for, where each leaves a family stored for days."""
    return maxmemory * FILL / family_bytes / days


def tokens_alive(issued_a_second: float, validity_s: float) -> float:
    """Return how many tokens are alive where each lives its whole validity."""
    return issued_a_second * validity_s


def checks_a_second(requests: float, tokens: float, replicas: int, cache_ttl_s: float) -> float:
    """Return the checks that reach cas-server from a resource service with N replicas.

    Each replica asks once in `cache-ttl` for each token in use, and never more than once a request.
    """
    if cache_ttl_s == 0:
        return requests
    return min(requests, tokens * replicas / cache_ttl_s)


def cpu_seconds(mix: Mapping[str, float], costs: Mapping[str, Cost]) -> tuple[float, float]:
    """Return the CPU seconds of a mix of requests: of replicas, of Redis."""
    each = [costs[kind].seconds(requests) for kind, requests in mix.items()]
    return sum(replica for replica, _ in each), sum(redis for _, redis in each)
