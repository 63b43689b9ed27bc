"""Discovery by DNS: the names that are asked for, and how long an answer counts."""

from collections.abc import Sequence

import pytest

from chassis.discovery import Address, LookupFailedError
from chassis.discovery.answers import Answers
from chassis.discovery.dns import DnsDirectory, look_up


class Zone:
    """A name server: names to addresses, or silence."""

    def __init__(self) -> None:
        self.addresses: dict[str, Sequence[str]] = {}
        self.silent = False
        self.asked: list[str] = []
        self.now = 1000.0

    async def look_up(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if self.silent:
            raise LookupFailedError(host)
        return self.addresses.get(host, ())

    def directory(self, cluster_domain: str | None = "k8s.example") -> DnsDirectory:
        answers = Answers(self.look_up, clock=lambda: self.now)
        return DnsDirectory(cluster_domain=cluster_domain, answers=answers)


CAS = "cas.system-server.svc.k8s.example."


@pytest.fixture
def zone() -> Zone:
    zone = Zone()
    zone.addresses[CAS] = ["10.0.0.1"]
    return zone


@pytest.mark.anyio
async def test_a_service_costs_one_question_with_a_trailing_dot(zone: Zone) -> None:
    """`ndots:5` would make it four."""
    found = await zone.directory().service("cas", "system-server", 2000)
    assert found == Address("10.0.0.1", 2000)
    assert zone.asked == [CAS]


@pytest.mark.anyio
async def test_an_answer_counts_for_seconds(zone: Zone) -> None:
    directory = zone.directory()
    await directory.service("cas", "system-server", 2000)
    zone.now += 4.9
    await directory.service("cas", "system-server", 2000)
    assert len(zone.asked) == 1
    zone.addresses[CAS] = ["10.0.0.2"]
    zone.now += 0.2
    assert await directory.service("cas", "system-server", 80) == Address("10.0.0.2", 80)


@pytest.mark.anyio
async def test_a_service_created_later_is_found_within_seconds(zone: Zone) -> None:
    del zone.addresses[CAS]
    directory = zone.directory()
    assert await directory.service("cas", "system-server", 2000) is None
    zone.addresses[CAS] = ["10.0.0.1"]
    zone.now += 2.1
    assert await directory.service("cas", "system-server", 2000) is not None


@pytest.mark.anyio
async def test_an_error_is_no_empty_answer(zone: Zone) -> None:
    zone.silent = True
    with pytest.raises(LookupFailedError):
        await zone.directory().service("cas", "system-server", 2000)


@pytest.mark.anyio
async def test_the_last_good_answer_serves_while_the_name_server_is_silent(zone: Zone) -> None:
    directory = zone.directory()
    await directory.service("cas", "system-server", 2000)
    zone.silent = True
    zone.now += 299
    assert await directory.service("cas", "system-server", 2000) is not None
    zone.now += 2
    with pytest.raises(LookupFailedError):
        await directory.service("cas", "system-server", 2000)


@pytest.mark.anyio
async def test_a_known_no_serves_as_well_while_the_name_server_is_silent(zone: Zone) -> None:
    """A short name is asked for in the own namespace first, with each call to another's service.

    In a cluster one lost packet to the name server was a 503 for whoever called just then.
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
async def test_the_answers_kept_are_bounded(zone: Zone) -> None:
    answers = Answers(zone.look_up)
    for number in range(1100):
        await answers.get(f"made-up-{number}.")
    assert len(answers._kept) == 1024


@pytest.mark.anyio
async def test_a_headless_service_is_called_by_turns(zone: Zone) -> None:
    zone.addresses[CAS] = ["10.0.0.1", "10.0.0.2"]
    directory = zone.directory()
    found = [await directory.service("cas", "system-server", 2000) for _ in range(4)]
    assert [address.host for address in found if address] == ["10.0.0.1", "10.0.0.2"] * 2


@pytest.mark.anyio
async def test_a_host_outside_is_asked_for_with_its_dot_and_a_bare_name_not_at_all(
    zone: Zone,
) -> None:
    zone.addresses["example.com."] = ["192.0.2.1"]
    directory = zone.directory()
    assert await directory.host("example.com", 443) == Address("192.0.2.1", 443)
    assert await directory.host("cas", 443) is None
    assert zone.asked == ["example.com."]


@pytest.mark.anyio
async def test_outside_a_cluster_the_system_knows_every_name(zone: Zone) -> None:
    zone.addresses["my-laptop"] = ["192.0.2.7"]
    directory = zone.directory(cluster_domain=None)
    assert await directory.service("my-laptop", "default", 80) is None
    assert await directory.host("my-laptop", 80) == Address("192.0.2.7", 80)


@pytest.mark.anyio
async def test_the_systems_resolver_is_asked_off_the_loop() -> None:
    assert set(await look_up("localhost")) <= {"127.0.0.1", "::1"}
