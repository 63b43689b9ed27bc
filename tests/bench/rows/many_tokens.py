"""check_token's CPU where Redis has many live tokens, against where it has 1,000.

It is that of cas-server and Redis together: what a look-up costs a cluster. A batch reads some
sixty tokens in one command, of which Redis' own part is 1 µs each, and it grows where the tokens no
longer fit in the processor's caches.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from bench.contestants import CHECK_TOKEN_PATH, CHECKS, TOKEN_PATH
from bench.row import Row, Sample
from bench.rows.live_tokens import CLIENTS, FEW, TOKENS, issue
from bench.stack import SERVICE, Service, Stack, basic, issued_token
from bench.tools import LoadError, load
from cas_server.settings import CasSettings, DurabilitySettings
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig
from chassis.testing.redis_process import RedisProcess


@dataclass(frozen=True, slots=True)
class _Filled:
    """A cas-server on a Redis of its own, and the tokens that are checked."""

    service: Service
    redis: Redis
    tokens: Sequence[str]

    def cpu_us(self) -> float:
        """Return the µs of cas-server and Redis for each check."""
        before = self._redis_s()
        arguments = (basic(SERVICE), *self.tokens)
        url = f"{self.service.url}{CHECK_TOKEN_PATH}"
        run = load(url, CHECKS, *arguments, pid=self.service.pid)
        if run.cpu_us is None:
            raise LoadError("this system does not account the CPU of another process")
        return run.cpu_us + (self._redis_s() - before) / run.requests * 1_000_000

    def _redis_s(self) -> float:
        found = self.redis.info("cpu")
        return float(found["used_cpu_user"] + found["used_cpu_sys"])


def _measure(stack: Stack, runs: int) -> list[Sample]:
    stack.say(f"storing {TOKENS:,} tokens of {CLIENTS} clients")
    with _filled(stack, TOKENS) as many, _filled(stack, 0) as few:
        many.cpu_us(), few.cpu_us()
        return [Sample(many.cpu_us(), few.cpu_us()) for _ in range(runs)]


@contextmanager
def _filled(stack: Stack, others: int) -> Iterator[_Filled]:
    """Run a Redis with the tokens to check, spread among others."""
    with (
        tempfile.TemporaryDirectory(dir=stack.directory) as directory,
        RedisProcess(Path(directory), "--maxmemory", "1gb") as process,
        Redis(port=process.port) as redis,
    ):
        # Nothing here is about a slow Redis.
        own = {
            "SPRING__DATA__REDIS__PORT": str(process.port),
            "SPRING__DATA__REDIS__TIMEOUT": "10s",
        }
        environment = {**stack.cas_environment(), **own}
        with stack.running("cas-server", environment) as service:
            tokens: list[str] = []
            for number in range(CLIENTS):
                url = f"{service.url}{TOKEN_PATH}"
                tokens += [issued_token(url) for _ in range(FEW // CLIENTS)]
                asyncio.run(_store(process.port, f"other-{number:04d}", others // CLIENTS))
            yield _Filled(service, redis, tokens)


async def _store(port: int, client: str, count: int) -> None:
    async with AsyncRedis(port=port) as redis:
        keys = RecordKeys(LiveConfig.fixed(CasSettings(record_keys=(SecretStr("k" * 43),))))
        store = RedisTokenStore(redis.connection_pool, DurabilitySettings(), keys, timeout=30)
        version = (await store.identities()).version or 0
        await issue(store, client, count, version)


ROWS = (
    Row(
        title=f"check_token CPU, with Redis, among {TOKENS:,} tokens",
        limit_title=f"among {FEW:,}",
        unit="µs",
        target=1.1,
        at_most=True,
        measure=_measure,
        needs=("wrk", "CPU accounting"),
    ),
)
