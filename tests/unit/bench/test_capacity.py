"""The formulas of docs/design/capacity.md, on costs that are easy to compute with."""

import pytest

from bench.capacity import model
from bench.capacity.model import Cost, Limit

CHECK = Cost(replica_us=50, redis_us=10)


@pytest.mark.parametrize(
    ("replicas", "limit"),
    [(1, Limit(14_000, "replicas")), (5, Limit(70_000, "replicas")), (6, Limit(70_000, "Redis"))],
)
def test_replicas_add_up_until_redis_is_busy(replicas: int, limit: Limit) -> None:
    found = model.requests_a_second(CHECK, replicas)
    assert found.most == pytest.approx(limit.most)
    assert found.by == limit.by


def test_a_replica_with_less_than_a_core_serves_less() -> None:
    assert model.requests_a_second(CHECK, 2, cores=0.5) == model.requests_a_second(CHECK, 1)


def test_tokens_fill_redis_up_to_nine_tenths() -> None:
    assert model.live_tokens(1_000_000, 500) == pytest.approx(1_800)


def test_logins_fill_redis_with_families_for_days() -> None:
    assert model.logins_a_day(3_000_000, family_bytes=900, days=30) == pytest.approx(100)


def test_tokens_are_alive_for_their_validity() -> None:
    assert model.tokens_alive(issued_a_second=100, validity_s=600) == 60_000


def test_a_cache_asks_once_per_ttl_token_and_replica() -> None:
    assert model.checks_a_second(10_000, tokens=100, replicas=3, cache_ttl_s=2) == 150
    # Few requests ask for fewer tokens.
    assert model.checks_a_second(100, tokens=100, replicas=3, cache_ttl_s=2) == 100
    assert model.checks_a_second(10_000, tokens=100, replicas=3, cache_ttl_s=0) == 10_000


def test_cpu_of_a_mix_is_the_sum_of_its_requests() -> None:
    costs = {"check": CHECK, "login": Cost(16_000, 100)}
    mix = {"check": 20_000, "login": 100}
    assert model.cpu_seconds(mix, costs) == pytest.approx((2.6, 0.21))
