"""Waiting for pods ends when they are ready, or when they can't become ready."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from sample_services import VERSIONED, needs_versions
from suitectl.errors import ReleaseFailedError
from suitectl.platform.kubernetes import Kubernetes
from suitectl.release.pods import Pods

SERVICE = VERSIONED

pytestmark = [pytest.mark.anyio, needs_versions]


def _pod(version: str, *, ready: bool = True, **container: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    statuses = [{"state": {}, **container}]
    labels = {"app": SERVICE.name} | _of(version)
    return {
        "metadata": {"name": f"{version}-pod", "namespace": SERVICE.namespace, "labels": labels},
        "spec": {},
        "status": {"conditions": conditions, "containerStatuses": statuses},
    }


def _of(version: str) -> dict[str, str]:
    return {"version": version}


def _waiting(reason: str) -> dict[str, Any]:
    return {"waiting": {"reason": reason}}


def _pods(*pods: Mapping[str, Any], ready_within: float = 60.0) -> Pods:
    """Return pods as read by a kubectl that knows these."""
    listed = json.dumps({"items": pods})
    program = Kubernetes((sys.executable, "-c", f"print({listed!r})"))
    return Pods(program, SERVICE, ready_within=ready_within)


async def test_only_ready_pods_of_the_service_are_counted() -> None:
    leaving = _pod("v1")
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    other = _pod("v1")
    other["metadata"]["labels"] = {"app": "web"}
    pods = _pods(_pod("v1"), _pod("v2"), _pod("v2"), _pod("v2", ready=False), leaving, other)
    assert await pods.ready() == {"v1": 1, "v2": 2}


async def test_surplus_pods_are_enough_but_not_exact() -> None:
    pods = _pods(_pod("v1"), _pod("v1"), ready_within=0.0)
    await pods.settle({"v1": 1}, exactly=False)
    with pytest.raises(ReleaseFailedError, match=r"v1 has 2 of 1 \(not within 0 s\)"):
        await pods.settle({"v1": 1}, exactly=True)


@pytest.mark.parametrize(("reason", "restarts"), [("CrashLoopBackOff", 2), ("ImagePullBackOff", 0)])
async def test_a_pod_that_cannot_become_ready_fails_the_wait(reason: str, restarts: int) -> None:
    broken = _pod("v2", ready=False, state=_waiting(reason), restartCount=restarts)
    with pytest.raises(ReleaseFailedError, match=rf"v2 has 0 of 1 \(v2-pod: {reason}\)"):
        await _pods(_pod("v1"), broken).settle({"v1": 1, "v2": 1}, exactly=True)


@pytest.mark.parametrize(("reason", "restarts"), [("CrashLoopBackOff", 1), ("ErrImagePull", 0)])
async def test_the_wait_continues_for_a_pod_that_may_recover(reason: str, restarts: int) -> None:
    starting = _pod("v2", ready=False, state=_waiting(reason), restartCount=restarts)
    with pytest.raises(ReleaseFailedError, match="not within 0 s"):
        await _pods(starting, ready_within=0.0).settle({"v2": 1}, exactly=True)


async def test_a_surplus_broken_pod_does_not_fail_the_wait() -> None:
    broken = _pod("v1", ready=False, state=_waiting("CrashLoopBackOff"), restartCount=9)
    await _pods(_pod("v1"), broken).settle({"v1": 1}, exactly=True)


async def test_an_unschedulable_pod_is_reported_with_the_reason() -> None:
    pending = _pod("v2", ready=False)
    lack = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    pending["status"]["conditions"].append(lack | {"message": "0/1 nodes: Insufficient cpu."})
    with pytest.raises(ReleaseFailedError, match=r"not within 0 s, v2-pod: .*Insufficient cpu"):
        await _pods(pending, ready_within=0.0).settle({"v2": 1}, exactly=True)
