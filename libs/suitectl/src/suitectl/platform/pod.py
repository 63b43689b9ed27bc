"""The few facts of a pod's JSON that commands look at."""

from collections.abc import Mapping
from typing import Any


class Pod:
    """A pod as the platform lists it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.name: str = document["metadata"]["name"]
        self.namespace: str = document["metadata"]["namespace"]
        self.labels: dict[str, str] = document["metadata"].get("labels", {})
        self.ip: str = document["status"].get("podIP", "")
        self.node: str = document["spec"].get("nodeName", "")

    @property
    def ready(self) -> bool:
        """Say whether the pod takes traffic."""
        return is_ready(self.document)

    @property
    def restarts(self) -> int:
        """Count the restarts of all containers."""
        statuses = self.document["status"].get("containerStatuses", [])
        return sum(status["restartCount"] for status in statuses)


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Say whether a pod takes new connections: Ready, and not on its way out."""
    conditions = pod["status"].get("conditions", [])
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]
