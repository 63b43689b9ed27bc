"""Two cas-server replicas on one real Redis, called over real HTTP."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis

from cas_server.passwords.hashing import hash_password
from cas_server.throttling import fair_queue
from cas_server.throttling.failure_counters import COUNTERS, Kind
from chassis.testing.redis_process import RedisProcess
from eventually import PATIENCE_S
from integration.cas_server.world import BASIC, Cas, replicas
from redis_process import durable_redis, redis_port, store


@pytest.fixture(scope="session")
def hashes() -> dict[str, str]:
    """Hash each secret once, since argon2 is slow by design."""
    return {name: hash_password(secret) for name, secret in BASIC.items()}


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with redis_port(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture(autouse=True)
def _no_failures_of_tests_before(redis: int) -> None:
    """Delete failure counts, since all tests share one address and the same user names."""
    counters = [f"w:{kind}:{counter}" for kind in Kind for counter in COUNTERS]
    with Redis(port=redis) as store:
        store.delete(*counters, *(f"{counter}:ends" for counter in counters))


@pytest.fixture(autouse=True)
def _a_slow_hash_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let logins wait for the hashes before them, which take a busy machine seconds."""
    monkeypatch.setattr(fair_queue, "PATIENCE_S", PATIENCE_S)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisProcess]:
    """An empty Redis that the test may stop."""
    (tmp_path / "redis").mkdir()
    with durable_redis(tmp_path / "redis") as running:
        yield running


@pytest.fixture
def identities(hashes: dict[str, str]) -> dict[str, object]:
    both = ["order-service", "stock-service"]

    def client(name: str, grants: list[str], audience: list[str], **more: object) -> object:
        return {
            "client-secret": hashes[name],
            "authorized-grant-types": grants,
            "scope": ["read", "write"],
            "resource-ids": audience,
            **more,
        }

    user_grants = ["password", "refresh_token", "client_credentials"]
    return {
        "password-grant-clients": ["demo-app", "other-app"],
        "clients": {
            "order-service": client(
                "order-service", ["client_credentials"], both, **{"check-tokens": True}
            ),
            "stock-service": client(
                "stock-service",
                ["client_credentials"],
                ["stock-service"],
                **{"check-tokens": True},
            ),
            "demo-app": client("demo-app", user_grants, both),
            "other-app": client("other-app", user_grants, both),
            "unlisted-app": client("unlisted-app", ["password"], both),
            "short-lived-app": client(
                "short-lived-app",
                ["client_credentials"],
                both,
                **{"access-token-validity-seconds": 1},
            ),
        },
        "users": {
            "alice": {"password": hashes["alice"], "authorities": ["ROLE_USER"]},
            "admin": {"password": hashes["admin"], "authorities": ["ROLE_USER", "ROLE_ADMIN"]},
        },
    }


@pytest.fixture
def profiles() -> tuple[str, ...]:
    return ()


@pytest.fixture
async def cas(
    redis: int, identities: dict[str, object], tmp_path: Path, profiles: tuple[str, ...]
) -> AsyncIterator[Cas]:
    directory = tmp_path / "config"
    async with replicas(directory, identities, store(redis), number=2, profiles=profiles) as both:
        yield both
