"""What the story needs of a platform; localkube is one, a Kubernetes cluster another."""

from collections.abc import Sequence
from typing import Any, Protocol

from story.commands import Verb
from suitectl.program import CommandFailedError
from suitectl.release import is_ready

__all__ = ["CommandFailedError", "Platform", "Pod", "ready_pods"]


class Platform(Protocol):
    """A running suite and the verbs that change it."""

    name: str
    profile: str
    """The active profile that the suite was started with."""
    kinds: Sequence[str]
    """Of the objects that people change while the suite runs, as the platform has them."""

    async def run(self, verb: Verb) -> str:
        """Run a verb and return what it printed; raise `CommandFailedError`."""

    async def url(self, service: str, namespace: str) -> str:
        """Return the base URL of a Service's first port, as reached from the story."""

    async def pod_url(self, pod: "Pod") -> str:
        """Return the base URL of one pod's first port."""

    async def swapped_at(self, pod: "Pod") -> float:
        """Return when the pod's configuration mount was last swapped, in Unix seconds."""

    async def hasten(self, app: str, namespace: str) -> None:
        """Have edited configuration brought into a service's pods now, not within the minute."""

    async def objects(self, kind: str, namespace: str | None = None) -> Sequence[dict[str, Any]]:
        """Return the objects of a kind, or of several with commas, as Kubernetes' JSON.

        They are those of all namespaces by default.
        """


class Pod:
    """The few facts of a pod's JSON that the story looks at."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.name: str = document["metadata"]["name"]
        self.namespace: str = document["metadata"]["namespace"]
        self.labels: dict[str, str] = document["metadata"].get("labels", {})
        self.ip: str = document["status"].get("podIP", "")
        self.node: str = document["spec"].get("nodeName", "")

    @property
    def ready(self) -> bool:
        """Say whether the pod takes traffic: Ready, and not on its way out."""
        return is_ready(self.document)

    @property
    def restarts(self) -> int:
        """Count the restarts of all containers."""
        statuses = self.document["status"].get("containerStatuses", [])
        return sum(status["restartCount"] for status in statuses)


async def ready_pods(platform: Platform, app: str, namespace: str) -> list[Pod]:
    """Return the ready pods that carry a label `app`."""
    pods = [Pod(document) for document in await platform.objects("pods", namespace)]
    return [pod for pod in pods if pod.labels.get("app") == app and pod.ready]
