"""The first response over the budget stops a new version, and none before it."""

import asyncio
from collections.abc import Sequence

import pytest

from suitectl.errors import ReleaseFailedError
from suitectl.platform.agent import Reply, Request
from suitectl.release.probes import Probe, percentile, probe, spread
from suitectl.release.watch import Limits, Watch

NEW, ALL = "http://preview", "http://service"

pytestmark = pytest.mark.anyio


def _watch(limits: Limits, baseline: Sequence[float] = (0.01,)) -> Watch:
    return Watch("v2", NEW, limits, list(baseline))


def _good(seconds: float = 0.01) -> Probe:
    return Probe(NEW, "v2", seconds)


def _failed(base: str = NEW) -> Probe:
    return Probe(base, None, 0.01, "500 server_error")


def test_a_failure_over_the_budget_stops_the_release() -> None:
    watch = _watch(Limits(sample=100, error_rate=0.02))
    for seen in (_good(), _failed(), _failed()):
        watch(seen)
    with pytest.raises(ReleaseFailedError, match=r"v2 failed 3 of 4 probes.*2 of 100.*500"):
        watch(_failed())


def test_no_failure_is_allowed_at_an_error_rate_of_zero() -> None:
    with pytest.raises(ReleaseFailedError):
        _watch(Limits(error_rate=0.0))(_failed())


def test_failures_of_the_old_version_do_not_count() -> None:
    watch = _watch(Limits(error_rate=0.0))
    for _ in range(50):
        watch(_failed(ALL))
    watch(_good())
    assert "at the Service 50 of 50 failed" in watch.summary()


def test_a_preview_response_of_another_version_is_ignored() -> None:
    watch = _watch(Limits(latency_ms=1, sample=1))
    watch(Probe(NEW, "v1", 9.0))
    assert watch.probes == []


def test_one_in_twenty_responses_may_be_slow() -> None:
    watch = _watch(Limits(sample=100, latency_ms=50))
    for _ in range(5):
        watch(_good(0.2))
    watch(_good(0.049))
    with pytest.raises(ReleaseFailedError, match=r"6 of 7 probes of v2 took over 50 ms.*5 of 100"):
        watch(_good(0.2))


def test_without_a_latency_limit_the_old_version_sets_it() -> None:
    watch = _watch(Limits(), baseline=[0.02] * 99 + [5.0])
    assert watch.latency_ms == pytest.approx(140)
    watch(Probe(ALL, "v2", 9.0))
    assert watch.latency_ms == pytest.approx(140)
    for _ in range(100):
        watch(Probe(ALL, "v1", 0.1))
    assert watch.latency_ms == pytest.approx(300)


def test_without_a_baseline_only_failures_count() -> None:
    watch = _watch(Limits(), baseline=[])
    for _ in range(20):
        watch(_good(9.0))
    assert "nothing to compare with" in "\n".join(watch.summary())


def test_percentiles_are_nearest_ranks() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.95), percentile(values, 0.99)) == (95.0, 99.0)
    assert (percentile([7.0], 0.99), percentile([], 0.99)) == (7.0, 0.0)


class _Replies:
    """Returns the given replies in turn, and repeats the last one."""

    def __init__(self, *replies: tuple[int, str]) -> None:
        self._replies = list(replies)
        self.asked: list[str] = []

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        assert not keep_alive
        self.asked.append(request.url)
        await asyncio.sleep(0)
        status, body = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return Reply(status, body, {}, 0.0, 0.5)


@pytest.mark.parametrize(
    ("reply", "version", "failure"),
    [
        ((200, "stock-service-v2\n"), "v2", ""),
        ((200, "<html>"), None, "200 <html>"),
        ((503, '{"error": "unavailable"}'), None, "503 unavailable"),
        ((503, "[]"), None, "503 []"),
        ((0, "ConnectError: refused"), None, "no response ConnectError: refused"),
    ],
)
async def test_a_response_yields_its_version_or_its_failure(
    reply: tuple[int, str], version: str | None, failure: str
) -> None:
    seen = await probe(_Replies(reply), NEW)
    assert (seen.version, seen.failure, seen.seconds) == (version, failure, 0.5)
    assert seen.responded == bool(reply[0])


async def test_probes_go_to_each_base_in_turn() -> None:
    sender, seen = _Replies((200, "stock-service-v2")), list[Probe]()
    await spread(sender, [NEW, ALL] * 10, seen.append)
    assert len(seen) == 20
    assert [url.split("/get")[0] for url in sender.asked[:4]] == [NEW, ALL, NEW, ALL]


async def test_the_first_exceeded_limit_ends_the_probes() -> None:
    sender = _Replies((500, "x"))
    with pytest.raises(ReleaseFailedError):
        await spread(sender, [NEW] * 1000, _watch(Limits(error_rate=0.0)))
    assert len(sender.asked) < 20
