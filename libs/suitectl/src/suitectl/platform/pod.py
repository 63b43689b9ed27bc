"""The fields of a pod that commands read."""

from typing import Any


class Pod:
    """A pod as the API server returns it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.name: str = document["metadata"]["name"]
        self.namespace: str = document["metadata"]["namespace"]
        self.labels: dict[str, str] = document["metadata"].get("labels", {})
        self.ip: str = document["status"].get("podIP", "")
        self.node: str = document["spec"].get("nodeName", "")

    @property
    def ready(self) -> bool:
        """Say whether the pod receives new connections: Ready, and not terminating."""
        conditions = self.document["status"].get("conditions", [])
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
        return ready and not self.terminating

    @property
    def terminating(self) -> bool:
        """Say whether the pod is being deleted."""
        return "deletionTimestamp" in self.document["metadata"]

    @property
    def restarts(self) -> int:
        """Count the restarts of all containers."""
        statuses = self.document["status"].get("containerStatuses", [])
        return sum(status["restartCount"] for status in statuses)
