"""Deployments: rolling updates that lose nothing, Recreate, scaling."""

import asyncio
import json

import pytest

from eventually import poll
from integration.localkube.kit import Load, Localkube, deployment, pid_of, service

DRAINING = {"env": [{"name": "DRAIN", "value": "0.5"}]}
ONE_BY_ONE = {
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
}


@pytest.mark.anyio
async def test_a_rolling_update_under_load_loses_no_request(localkube: Localkube) -> None:
    """docs/design/runtime.md, "Shutdown": a drain with `Connection: close` loses nothing."""
    localkube.up(deployment(replicas=3, container=DRAINING, spec=ONE_BY_ONE), service())
    before = {pod["metadata"]["name"] for pod in localkube.pods()}
    load, stop = Load(), asyncio.Event()
    running = asyncio.create_task(load.run(localkube.address(), stop))

    await asyncio.to_thread(localkube.ok, "rollout", "restart", "deployment/web")
    said = await asyncio.to_thread(localkube.ok, "rollout", "status", "deployment/web")
    stop.set()
    await running

    assert "successfully rolled out" in said
    assert load.failures == []
    assert load.sent > 100
    alive = {
        p["metadata"]["name"] for p in localkube.pods() if "deletionTimestamp" not in p["metadata"]
    }
    assert len(alive) == 3
    assert not alive & before


@pytest.mark.anyio
async def test_scaling_down_under_load_loses_no_request(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=3, container=DRAINING), service())
    load, stop = Load(), asyncio.Event()
    running = asyncio.create_task(load.run(localkube.address(), stop))

    await asyncio.to_thread(localkube.ok, "scale", "deployment/web", "--replicas=1")
    await asyncio.to_thread(poll, lambda: len(localkube.pods()) == 1)
    stop.set()
    await running

    assert load.failures == []


def test_max_unavailable_0_never_has_fewer_pods_than_desired(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=2, container=DRAINING, spec=ONE_BY_ONE), service())
    localkube.ok("rollout", "restart", "deployment", "web")
    counts = set()

    def done() -> bool:
        counts.add(len(localkube.objects("endpoints", "web")[0]["subsets"]))
        status = localkube.objects("deployment", "web")[0]["status"]
        return bool(status["updatedReplicas"] == 2 == status["replicas"])

    poll(done)
    assert min(counts) >= 2


def test_recreate_never_runs_two_templates_concurrently(localkube: Localkube) -> None:
    slow = {"env": [{"name": "DRAIN", "value": "0.4"}]}
    localkube.up(deployment(container=slow, spec={"strategy": {"type": "Recreate"}}))
    old = localkube.pods()[0]["metadata"]["name"]

    localkube.ok("rollout", "restart", "deployment/web")

    def replaced() -> bool:
        names = [pod["metadata"]["name"] for pod in localkube.pods()]
        assert len(names) <= 1
        return bool(names) and names != [old]

    poll(replaced)


def test_a_failed_rollout_leaves_old_pods_and_the_old_template_reverts_it(
    localkube: Localkube,
) -> None:
    localkube.up(deployment(replicas=2, spec=ONE_BY_ONE), service())
    pids = {pid_of(pod) for pod in localkube.pods()}
    image = {"containers": [{"name": "web", "image": "crash"}]}
    patch = json.dumps({"spec": {"template": {"spec": image}}})

    localkube.ok("patch", "deployment", "web", "-p", patch)
    failed = localkube.run("rollout", "status", "deployment/web", "--timeout=1s")
    assert failed.code == 1
    assert len(localkube.objects("endpoints", "web")[0]["subsets"]) == 2

    localkube.ok("patch", "deployment", "web", "-p", patch.replace("crash", "web:1"))
    localkube.ok("rollout", "status", "deployment/web")
    assert {pid_of(pod) for pod in localkube.pods() if pid_of(pod)} == pids


def test_deleting_a_deployment_ends_its_pods(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=2))
    localkube.ok("delete", "deployment", "web")

    poll(lambda: not localkube.pods())
