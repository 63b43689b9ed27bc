"""Discovery by DNS: the queried names, and how long a result is cached."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
import structlog

from chassis.discovery import Address, LookupFailedError, resolver
from chassis.discovery.dns import DnsDirectory
from chassis.discovery.dns_cache import DnsCache
from chassis.discovery.resolver import SystemResolver, first_result
from eventually import PATIENCE_S, until


class Zone:
    """A name server that returns configured addresses or stays silent."""

    def __init__(self) -> None:
        self.addresses: dict[str, Sequence[str]] = {}
        self.silent = False
        self.asked: list[str] = []
        self.now = 1000.0
        self.responding = asyncio.Event()
        self.responding.set()

    async def look_up(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        await self.responding.wait()
        if self.silent:
            raise LookupFailedError(host)
        return self.addresses.get(host, ())

    def directory(self, cluster_domain: str | None = "k8s.example") -> DnsDirectory:
        cache = DnsCache(self.look_up, clock=lambda: self.now)
        return DnsDirectory(cluster_domain=cluster_domain, cache=cache)


async def in_background() -> None:
    """Let background tasks finish; the zone responds without I/O."""
    for _ in range(5):
        await asyncio.sleep(0)


CAS = "cas.system-server.svc.k8s.example."


@pytest.fixture
def zone() -> Zone:
    zone = Zone()
    zone.addresses[CAS] = ["10.0.0.1"]
    return zone


@pytest.mark.anyio
async def test_a_service_costs_one_query_with_a_trailing_dot(zone: Zone) -> None:
    """Without the trailing dot, `ndots:5` would make it four."""
    found = await zone.directory().service("cas", "system-server", 2000)
    assert found == Address("10.0.0.1", 2000)
    assert zone.asked == [CAS]


@pytest.mark.anyio
async def test_a_cached_result_is_refreshed_after_its_ttl(zone: Zone) -> None:
    directory = zone.directory()
    await directory.service("cas", "system-server", 2000)
    zone.now += 4.9
    await directory.service("cas", "system-server", 2000)
    await in_background()
    assert len(zone.asked) == 1
    zone.addresses[CAS] = ["10.0.0.2"]
    zone.now += 0.2
    assert await directory.service("cas", "system-server", 80) == Address("10.0.0.1", 80)
    await in_background()
    assert await directory.service("cas", "system-server", 80) == Address("10.0.0.2", 80)
    assert len(zone.asked) == 2


@pytest.mark.anyio
async def test_a_refresh_of_a_cached_name_blocks_no_caller(zone: Zone) -> None:
    """Each call does not start a refresh of its own either."""
    directory = zone.directory()
    await directory.service("cas", "system-server", 2000)
    await directory.service("cas", "ns-app", 2000)
    zone.now += 5.1
    zone.responding.clear()
    async with asyncio.timeout(PATIENCE_S), directory.running():
        for _ in range(10):
            assert await directory.service("cas", "system-server", 2000) is not None
            assert await directory.service("cas", "ns-app", 2000) is None
            await in_background()
    assert len(zone.asked) == 4


@pytest.mark.anyio
@pytest.mark.bound("look-up-cache-time")
async def test_a_result_that_is_too_old_is_not_used(zone: Zone) -> None:
    directory = zone.directory()
    await directory.service("cas", "system-server", 2000)
    zone.addresses[CAS] = ["10.0.0.2"]
    zone.now += 15.1
    assert await directory.service("cas", "system-server", 80) == Address("10.0.0.2", 80)


@pytest.mark.anyio
async def test_a_failed_connection_makes_the_next_caller_resolve_the_name_again(zone: Zone) -> None:
    """A recreated Service has another address, as have restarted pods of a headless Service."""
    directory = zone.directory()
    old = await directory.service("cas", "system-server", 2000)
    assert old is not None
    zone.addresses[CAS] = ["10.0.0.2"]
    zone.now += 1.1
    directory.report_failure(Address("10.9.9.9", 2000))
    assert await directory.service("cas", "system-server", 2000) == old
    directory.report_failure(old)
    assert await directory.service("cas", "system-server", 80) == Address("10.0.0.2", 80)


@pytest.mark.anyio
async def test_an_unreachable_service_is_looked_up_once_a_second(zone: Zone) -> None:
    directory = zone.directory()
    for _ in range(40):
        address = await directory.service("cas", "system-server", 2000)
        assert address is not None
        directory.report_failure(address)
        zone.now += 0.1
    assert len(zone.asked) == 4


@pytest.mark.anyio
async def test_closing_cancels_background_look_ups(zone: Zone) -> None:
    before = asyncio.all_tasks()
    directory = zone.directory()
    await directory.service("cas", "system-server", 2000)
    zone.now += 5.1
    zone.responding.clear()
    async with directory.running():
        await directory.service("cas", "system-server", 2000)
        await in_background()
        assert len(asyncio.all_tasks()) == len(before) + 1
    assert asyncio.all_tasks() == before


@pytest.mark.anyio
async def test_a_service_created_later_is_found_within_seconds(zone: Zone) -> None:
    """The second call after the negative TTL of 2 s finds it, or the first call after 6 s."""
    del zone.addresses[CAS]
    directory = zone.directory()
    assert await directory.service("cas", "system-server", 2000) is None
    assert await directory.service("cas", "ns-app", 2000) is None
    zone.addresses[CAS] = zone.addresses[CAS.replace("system-server", "ns-app")] = ["10.0.0.1"]
    zone.now += 2.1
    await directory.service("cas", "system-server", 2000)
    await in_background()
    assert await directory.service("cas", "system-server", 2000) is not None
    zone.now += 4
    assert await directory.service("cas", "ns-app", 2000) is not None


@pytest.mark.anyio
async def test_a_failed_look_up_is_not_an_empty_result(zone: Zone) -> None:
    zone.silent = True
    with pytest.raises(LookupFailedError):
        await zone.directory().service("cas", "system-server", 2000)


@pytest.mark.anyio
async def test_the_last_result_is_used_while_the_name_server_is_silent(zone: Zone) -> None:
    """The directory retries once a second and logs the silence once."""
    directory = zone.directory()
    await directory.service("cas", "system-server", 2000)
    zone.silent = True
    with structlog.testing.capture_logs() as logs:
        for _ in range(298):
            zone.now += 1
            assert await directory.service("cas", "system-server", 2000) is not None
            await in_background()
    assert [line["event"] for line in logs] == ["DNS look-up failed, using the cached result"]
    assert 290 < len(zone.asked) <= 299
    zone.now += 3
    with pytest.raises(LookupFailedError):
        await directory.service("cas", "system-server", 2000)


@pytest.mark.anyio
async def test_a_cached_negative_result_is_used_while_the_name_server_is_silent(zone: Zone) -> None:
    """Each call of a short name queries the caller's namespace first, also for another's service.

    Regression: in a cluster, one lost packet to the name server caused a 503.
    """
    directory = zone.directory()
    assert await directory.service("cas", "ns-app", 2000) is None
    zone.silent = True
    zone.now += 299
    assert await directory.service("cas", "ns-app", 2000) is None
    zone.now += 2
    with pytest.raises(LookupFailedError):
        await directory.service("cas", "ns-app", 2000)


@pytest.mark.anyio
@pytest.mark.bound("look-up-cache")
async def test_the_number_of_cached_results_is_bounded(zone: Zone) -> None:
    cache = DnsCache(zone.look_up)
    for number in range(1100):
        await cache.get(f"made-up-{number}.")
    assert len(cache._records) == 1024


@pytest.mark.bound("look-up-refreshes")
@pytest.mark.anyio
async def test_refreshes_at_a_silent_name_server_are_bounded(zone: Zone) -> None:
    cache = DnsCache(zone.look_up, clock=lambda: zone.now)
    names = [f"name-{number}." for number in range(100)]
    for name in names:
        await cache.get(name)
    zone.now += 2.1
    zone.responding.clear()
    zone.asked.clear()
    for name in names:
        assert await cache.get(name) == ()
    await in_background()
    assert len(zone.asked) == len(cache._refreshes) == 32
    await cache.aclose()


@pytest.mark.anyio
async def test_a_headless_service_is_called_round_robin(zone: Zone) -> None:
    zone.addresses[CAS] = ["10.0.0.1", "10.0.0.2"]
    directory = zone.directory()
    found = [await directory.service("cas", "system-server", 2000) for _ in range(4)]
    assert [address.host for address in found if address] == ["10.0.0.1", "10.0.0.2"] * 2


@pytest.mark.anyio
async def test_only_a_host_with_a_dot_is_looked_up_outside_the_cluster(
    zone: Zone,
) -> None:
    zone.addresses["example.com."] = ["192.0.2.1"]
    directory = zone.directory()
    assert await directory.host("example.com", 443) == Address("192.0.2.1", 443)
    assert await directory.host("cas", 443) is None
    assert zone.asked == ["example.com."]


@pytest.mark.anyio
async def test_outside_a_cluster_the_system_resolver_resolves_every_name(zone: Zone) -> None:
    zone.addresses["my-laptop"] = ["192.0.2.7"]
    directory = zone.directory(cluster_domain=None)
    assert await directory.service("my-laptop", "default", 80) is None
    assert await directory.host("my-laptop", 80) == Address("192.0.2.7", 80)


@pytest.mark.anyio
async def test_the_system_resolver_runs_off_the_event_loop() -> None:
    assert set(await SystemResolver()("localhost")) <= {"127.0.0.1", "::1"}


@pytest.mark.anyio
@pytest.mark.bound("look-up-threads")
async def test_threads_that_wait_for_a_silent_name_server_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speak = threading.Event()
    monkeypatch.setattr(resolver, "addresses", lambda _: speak.wait() and ())
    monkeypatch.setattr(resolver, "_TRIES", (0.01, 0.01))
    look_up = SystemResolver()
    for _ in range(16):
        with pytest.raises(LookupFailedError, match="no response from the name server"):
            await look_up("cas")
    assert len(look_up._pending) == 32
    with pytest.raises(LookupFailedError, match="32 look-ups are pending"):
        await look_up("cas")
    speak.set()
    await until(lambda: not look_up._pending)
    assert await look_up("cas") == ()


@pytest.mark.anyio
async def test_a_slow_attempt_is_hedged_and_the_first_result_is_used() -> None:
    asked, before = 0, asyncio.all_tasks()

    async def ask() -> int:
        nonlocal asked
        asked += 1
        number = asked
        if number == 1:
            await asyncio.Event().wait()
        return number

    assert await first_result(ask, tries=[0.01, 5]) == 2
    await in_background()
    assert asyncio.all_tasks() == before


@pytest.mark.anyio
@pytest.mark.bound("look-up-time")
async def test_attempts_without_a_response_time_out() -> None:
    async def ask() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await first_result(ask, tries=[0.01, 0.01])
