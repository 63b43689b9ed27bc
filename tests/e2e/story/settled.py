"""Waits until exactly the desired pods of a suite exist and are ready."""

from collections.abc import Mapping
from typing import Any

from suitectl.deploy import namespaces
from suitectl.platform.platform import Platform
from suitectl.waiting import until

SECONDS = 180


async def settled(platform: Platform, *, seconds: float = SECONDS) -> None:
    """Wait until each Deployment and StatefulSet has exactly its desired pods, all ready.

    Terminating pods must be deleted as well. Raises `TimeoutError`.
    """
    await until(
        lambda: _is_settled(platform), what="the suite to settle", seconds=seconds, every=0.5
    )


async def replaced(platform: Platform) -> None:
    """Wait until each Deployment has its pods, regardless of StatefulSets.

    Pods of a StatefulSet stay with their volumes, which may be on a lost node.
    """

    async def is_replaced() -> bool:
        found = [one for one in await _workloads(platform) if one["kind"] == "Deployment"]
        return all(_is_complete(one) for one in found)

    what = "the Deployments to have their pods"
    await until(is_replaced, what=what, seconds=SECONDS, every=0.5)


async def _is_settled(platform: Platform) -> bool:
    if not all(_is_complete(wanted) for wanted in await _workloads(platform)):
        return False
    # Read last: a workload is complete as soon as its old pods are deleted, not when they ended.
    return not any(
        pod.terminating for pod in await platform.pods() if pod.namespace in namespaces()
    )


async def _workloads(platform: Platform) -> list[dict[str, Any]]:
    """Return the suite's Deployments and StatefulSets."""
    kinds = [kind for kind in ("deployments", "statefulsets") if kind in platform.kinds]
    found = await platform.objects(",".join(kinds))
    return [workload for workload in found if workload["metadata"]["namespace"] in namespaces()]


def _is_complete(workload: Mapping[str, Any]) -> bool:
    """Return whether a workload has all its pods, ready and of its latest revision."""
    wanted, status = workload["spec"].get("replicas", 1), workload["status"]
    seen = status.get("observedGeneration") == workload["metadata"]["generation"]
    counts = [status.get(name, 0) for name in ("replicas", "readyReplicas", "updatedReplicas")]
    return seen and counts == [wanted] * len(counts)
