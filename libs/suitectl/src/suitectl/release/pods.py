"""Waits for the pods of each version, and gives up early where they cannot become ready."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from localkube.progress import step
from suitectl.catalogue import Service
from suitectl.errors import ReleaseFailedError
from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod

_FIRST_LOOK, _SLOWER, _RARELY = 0.2, 1.3, 1.5
_HOPELESS = frozenset(
    {"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError"}
)
_CRASHES = 2
"""Restarts of a crashing pod after which the wait ends."""


class Pods:
    """The pods of a service."""

    def __init__(self, platform: Platform, service: Service, *, ready_within: float) -> None:
        self._platform, self._service, self._ready_within = platform, service, ready_within

    async def ready(self) -> Counter[str]:
        """Count the ready pods of each version."""
        return _ready(await self._pods())

    async def settle(self, wanted: Mapping[str, int], *, exactly: bool) -> None:
        """Wait until the wanted numbers of pods are ready, or with `exactly` no others either."""
        deadline, pause = time.monotonic() + self._ready_within, _FIRST_LOOK
        with step("waiting for pods", quiet=True) as say:
            while not _settled(ready := _ready(pods := await self._pods()), wanted, exactly):
                say(", ".join(f"{v} {ready[v]}/{n} ready" for v, n in wanted.items()))
                short = [version for version, count in wanted.items() if ready[version] < count]
                why = _hopeless(pods, short)
                if why is None and time.monotonic() > deadline:
                    why = f"not within {self._ready_within:g} s{_unscheduled(pods, short)}"
                if why is not None:
                    seen = ", ".join(f"{v} has {ready[v]} of {n}" for v, n in wanted.items())
                    raise ReleaseFailedError(f"the pods do not get ready: {seen} ({why})")
                await asyncio.sleep(pause)
                pause = min(pause * _SLOWER, _RARELY)

    async def _pods(self) -> Sequence[Pod]:
        return await self._platform.pods(self._service.namespace, self._service.name)


def _ready(pods: Sequence[Pod]) -> Counter[str]:
    return Counter(_version(pod) for pod in pods if pod.ready)


def _version(pod: Pod) -> str:
    return pod.labels.get("version", "?")


def _settled(ready: Mapping[str, int], wanted: Mapping[str, int], exactly: bool) -> bool:  # noqa: FBT001 - private, and named by its callers
    counts = [(ready[version], count) for version, count in wanted.items()]
    return all(seen == count if exactly else seen >= count for seen, count in counts)


def _unscheduled(pods: Sequence[Pod], versions: Sequence[str]) -> str:
    """Return why a pod of these versions has no node, such as too few CPUs."""
    for pod in pods:
        for condition in pod.document["status"].get("conditions", []):
            if condition.get("reason") == "Unschedulable" and _version(pod) in versions:
                return f", {pod.name}: {condition.get('message', 'Unschedulable')}"
    return ""


def _hopeless(pods: Sequence[Pod], versions: Sequence[str]) -> str | None:
    """Return a pod of these versions that will not become ready, and why."""
    for pod in pods:
        if _version(pod) in versions and not pod.terminating:
            for container in pod.document["status"].get("containerStatuses", []):
                reason = container["state"].get("waiting", {}).get("reason")
                restarts = container.get("restartCount", 0)
                crashing = reason == "CrashLoopBackOff" and restarts >= _CRASHES
                if crashing or reason in _HOPELESS:
                    return f"{pod.name}: {reason}"
    return None
