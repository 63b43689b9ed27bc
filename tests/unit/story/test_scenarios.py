"""The criteria of the cluster scenarios, each with an example that fails it."""

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from story.scenarios import SCENARIOS, drained
from story.scenarios.canaries import _within_share
from story.scenarios.ledger import Ledger
from story.scenarios.nodes import _node
from story.scenarios.pressure import nothing_failed, only_refused, span
from story.scenarios.report import Row, write
from story.settled import _is_complete
from story.starts import slowest_start

from sample_services import OUTSIDE, needs
from suitectl.errors import CheckFailedError
from suitectl.platform.http import Reply, Request
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.localkube import Localkube
from suitectl.platform.pod import Pod
from suitectl.reporter import Reporter
from suitectl.story import load as under_load
from suitectl.story.cast import REST_SERVICE
from suitectl.story.load import Tally
from suitectl.story.suite import Suite

OK, DEAD_TOKEN = 200, 400
RETRY = {"retry-after": "1"}


class TokenStatuses:
    """Responds to each token check with the status configured for the token."""

    def __init__(self, statuses: Mapping[str, int]) -> None:
        self._statuses = statuses

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:  # noqa: ARG002 - as a Sender takes it
        return reply(self._statuses[(request.form or {})["token"]])


class Platform(Localkube):
    async def url(self, service: str, namespace: str) -> str:  # noqa: ARG002 - as a Platform takes it
        return "http://cas"


def reply(status: int, headers: Mapping[str, str] | None = None, at: float = 0.0) -> Reply:
    return Reply(status, "", headers or {}, at, at + 0.5)


def suite(statuses: Mapping[str, int] | None = None) -> Suite:
    quiet = Reporter(out=Console(file=io.StringIO()))
    return Suite(Platform(), TokenStatuses(statuses or {}), quiet)


def test_a_single_failed_request_fails_the_scenario() -> None:
    assert nothing_failed(suite(), Tally([reply(OK)])) == "0 of 1 failed"
    with pytest.raises(CheckFailedError, match="1 of 2 requests failed"):
        nothing_failed(suite(), Tally([reply(OK), reply(500)]))


@pytest.mark.parametrize("bad", [reply(0), reply(500, RETRY), reply(503)])
def test_only_a_503_with_retry_after_is_a_refusal(bad: Reply) -> None:
    assert only_refused(suite(), [reply(OK), reply(503, RETRY)], "calls").startswith("1 of 2 calls")
    with pytest.raises(CheckFailedError, match="nothing but 2xx"):
        only_refused(suite(), [bad], "calls")


@pytest.mark.anyio
@pytest.mark.parametrize(("at_a_time", "stalls"), [(1, False), (0, True)])
async def test_a_slow_load_is_awaited_and_a_stalled_one_is_not(
    monkeypatch: pytest.MonkeyPatch, at_a_time: int, *, stalls: bool
) -> None:
    """Twelve requests that end 20 s one after the other are slow."""
    tally, now = Tally(), iter(range(0, 600, 20))

    async def meanwhile(_: float) -> None:
        tally.replies.extend([reply(OK)] * at_a_time)

    monkeypatch.setattr(under_load, "time", SimpleNamespace(monotonic=lambda: next(now)))
    monkeypatch.setattr(under_load, "asyncio", SimpleNamespace(sleep=meanwhile))
    with pytest.raises(TimeoutError, match="no progress") if stalls else nullcontext():
        await under_load.enough(tally, 12)
    assert len(tally.replies) == (0 if stalls else 12)


def test_a_span_is_from_the_first_start_to_the_last_end() -> None:
    assert span([]) == 0
    assert span([reply(503, at=2.0), reply(503, at=1.0)]) == 1.5


@needs(REST_SERVICE)
@pytest.mark.anyio
async def test_lost_tokens_and_resurrected_tokens_are_found() -> None:
    ledger = Ledger({"a", "b"}, {"c"})
    assert "0 of 2 acknowledged" in await ledger.audit(suite({"a": OK, "b": OK, "c": DEAD_TOKEN}))
    for wrong in ({"b": DEAD_TOKEN}, {"b": 0}, {"c": OK}):
        with pytest.raises(CheckFailedError):
            await ledger.audit(suite({"a": OK, "b": OK, "c": DEAD_TOKEN} | wrong))


def test_a_bad_version_may_fail_only_its_share_of_requests() -> None:
    mostly_good = [reply(500 if number % 10 == 0 else OK, at=number) for number in range(100)]
    assert _within_share(suite(), Tally(mostly_good)).startswith("10 of 91")
    half = [reply(500 if number % 2 == 0 else OK, at=number) for number in range(100)]
    with pytest.raises(CheckFailedError, match="v2's share"):
        _within_share(suite(), Tally(half))


def test_a_workload_is_settled_when_exactly_its_new_pods_are_ready() -> None:
    assert _is_complete(workload())
    for part in ("replicas", "readyReplicas", "updatedReplicas"):
        assert not _is_complete(workload(**{part: 2}))
    assert not _is_complete(workload(observedGeneration=6))


def workload(**status: int) -> dict[str, Any]:
    counts = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas"), 3)
    said = {"observedGeneration": 7, **counts, **status}
    return {"metadata": {"generation": 7}, "spec": {"replicas": 3}, "status": said}


def test_a_node_with_pods_that_the_scenarios_need_is_spared() -> None:
    ours = {"namespace": OUTSIDE.namespace, "labels": {"app": "stock-service"}}
    dns = {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
    pods = [pod(ours, "one")]
    found = _node(node("one"), [*pods, pod(dns, "two")], [])
    assert (found.apps, found.spared) == ({"stock-service": 1}, False)
    assert _node(node("one"), pods, pods).spared


def pod(metadata: dict[str, Any], node: str) -> Pod:
    named = {"name": "pod", **metadata}
    return Pod({"metadata": named, "spec": {"nodeName": node}, "status": {}})


def node(name: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


@pytest.mark.anyio
async def test_the_versions_of_any_service_are_spread_each_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two pods of each version on the same two of three nodes are spread as well as they can be."""
    monkeypatch.setattr(drained, "namespaces_of_services", lambda: {"orders": "ns-app"})
    places = {"one": ["v1", "v2"], "three": ["v1", "v2"]}
    found = [
        started(60, labels={"app": "orders", "version": version}, on=name)
        for name, versions in places.items()
        for version in versions
    ]

    placed = await drained._placed(Pods(found))

    assert placed == {"orders v1": {"one": 1, "three": 1}, "orders v2": {"one": 1, "three": 1}}


class Pods(Kubernetes):
    """A cluster that has these pods."""

    def __init__(self, pods: Sequence[Pod]) -> None:
        super().__init__()
        self._pods = pods

    async def pods(self, namespace: str | None = None, app: str | None = None) -> list[Pod]:  # noqa: ARG002 - as a Platform takes them
        return [*self._pods]


def test_the_slowest_start_is_of_a_ready_pod_that_is_new() -> None:
    """Older pods, and those that do not serve, say nothing about how fast pods start now."""
    began = 60.5
    assert slowest_start([], began) == 0
    assert slowest_start([started(0, 45), started(60, 12), started(70, 31)], began) == 31
    assert slowest_start([started(60, 12), started(61, 50, ready="False")], began) == 12


def started(
    at: int,
    took: int = 1,
    *,
    ready: str = "True",
    labels: Mapping[str, str] | None = None,
    on: str = "one",
) -> Pod:
    """Return a pod that was created at a Unix time and then took some seconds to be ready."""
    created, since = (
        dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for moment in (at, at + took)
    )
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": since}
    metadata = {
        "name": "pod",
        "namespace": "ns-app",
        "creationTimestamp": created,
        "labels": labels or {},
    }
    status = {"conditions": [condition]}
    return Pod({"metadata": metadata, "spec": {"nodeName": on}, "status": status})


def test_the_written_table_shows_what_failed(tmp_path: Path) -> None:
    rows = [
        Row(SCENARIOS[0], "reached | nothing", held=True, seconds=1),
        Row(SCENARIOS[1], "1 of 2\nfailed", held=False, seconds=2),
    ]
    lines = write(rows, tmp_path / "out/table.md").read_text().splitlines()
    assert len(lines) == 4
    assert lines[2].endswith("| reached \\| nothing |")
    assert lines[3].endswith("| **failed**: 1 of 2 failed |")


def test_scenario_names_are_unique() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize(
    ("acknowledged", "seconds"),
    [([2.5, 2.6, 9.0], 6.4), ([], 10.0), ([1.0], 9.0), ([-3.0, 9.5], 9.5), ([9.0, 12.0], 9.0)],
)
def test_an_outage_of_writes_is_measured_from_the_fault_to_the_end(
    acknowledged: list[float], seconds: float
) -> None:
    """The first write after the fault ends an outage. Without one, it lasts to the end."""
    ledger = Ledger(writes=[reply(OK, at=end - 0.5) for end in acknowledged])
    ledger.writes.insert(0, reply(503, RETRY, at=4))
    assert ledger.outage(since=0, until=10) == pytest.approx(seconds)
