"""Waits for the pods of each version, and gives up early on those that cannot get ready."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from suitectl.errors import ReleaseFailedError
from suitectl.platform.platform import Platform
from suitectl.platform.pod import is_ready
from suitectl.release.release import APP, NAMESPACE
from suitectl.reporter import Reporter

_FIRST_LOOK, _SLOWER, _RARELY = 0.2, 1.3, 1.5
_HOPELESS = frozenset(
    {"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError"}
)
_CRASHES = 2
"""Restarts after which a crashing pod is not waited for any longer."""


class Pods:
    """The pods of diff-ns-service."""

    def __init__(self, platform: Platform, reporter: Reporter, *, ready_within: float) -> None:
        self._platform, self._reporter, self._ready_within = platform, reporter, ready_within

    async def ready(self) -> Counter[str]:
        """Count the ready pods of each version."""
        return _ready(await self._pods())

    async def settle(self, wanted: Mapping[str, int], *, exactly: bool) -> None:
        """Wait until just the wanted pods are ready, or at least so many."""
        deadline, pause = time.monotonic() + self._ready_within, _FIRST_LOOK
        with self._reporter.waiting("waiting for pods") as say:
            while not _settled(ready := _ready(pods := await self._pods()), wanted, exactly):
                say("waiting: " + ", ".join(f"{v} {ready[v]}/{n} ready" for v, n in wanted.items()))
                short = [version for version, count in wanted.items() if ready[version] < count]
                why = _hopeless(pods, short)
                if why is None and time.monotonic() > deadline:
                    why = f"not within {self._ready_within:g} s{_unscheduled(pods, short)}"
                if why is not None:
                    seen = ", ".join(f"{v} has {ready[v]} of {n}" for v, n in wanted.items())
                    raise ReleaseFailedError(f"the pods do not get ready: {seen} ({why})")
                await asyncio.sleep(pause)
                pause = min(pause * _SLOWER, _RARELY)

    async def _pods(self) -> Sequence[dict[str, Any]]:
        pods = await self._platform.objects("pods", NAMESPACE)
        return [pod for pod in pods if pod["metadata"].get("labels", {}).get("app") == APP]


def _ready(pods: Sequence[Mapping[str, Any]]) -> Counter[str]:
    return Counter(_version(pod) for pod in pods if is_ready(pod))


def _version(pod: Mapping[str, Any]) -> str:
    return str(pod["metadata"]["labels"].get("version", "?"))


def _settled(ready: Mapping[str, int], wanted: Mapping[str, int], exactly: bool) -> bool:  # noqa: FBT001 - private, and named by its callers
    counts = [(ready[version], count) for version, count in wanted.items()]
    return all(seen == count if exactly else seen >= count for seen, count in counts)


def _unscheduled(pods: Sequence[Mapping[str, Any]], versions: Sequence[str]) -> str:
    """Say why a pod of these versions has no node: too few CPUs, mostly."""
    for pod in pods:
        for condition in pod["status"].get("conditions", []):
            if condition.get("reason") == "Unschedulable" and _version(pod) in versions:
                return f", {pod['metadata']['name']}: {condition.get('message', 'Unschedulable')}"
    return ""


def _hopeless(pods: Sequence[Mapping[str, Any]], versions: Sequence[str]) -> str | None:
    """Name a pod of these versions that waiting does not help."""
    for pod in pods:
        if _version(pod) in versions and "deletionTimestamp" not in pod["metadata"]:
            for container in pod["status"].get("containerStatuses", []):
                reason = container["state"].get("waiting", {}).get("reason")
                crashing = (
                    reason == "CrashLoopBackOff" and container.get("restartCount", 0) >= _CRASHES
                )
                if crashing or reason in _HOPELESS:
                    return f"{pod['metadata']['name']}: {reason}"
    return None
