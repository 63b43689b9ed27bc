"""While a command waits for pods, it says why those that are Pending do not start."""

import asyncio
import json
from typing import Any

import pytest

from suitectl.errors import CommandFailedError
from suitectl.pending import pending_told, reasons
from suitectl.platform.kubernetes import Kubernetes

pytestmark = pytest.mark.anyio


def pod(name: str, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"phase": "Pending", **status}}


def condition(kind: str, status: str, message: str) -> dict[str, str]:
    return {"type": kind, "status": status, "message": message}


def container(**waiting: str) -> dict[str, Any]:
    return {"name": "app", "state": {"waiting": waiting}}


UNSCHEDULED = pod(
    "a", conditions=[condition("PodScheduled", "False", "0/3 nodes: insufficient cpu")]
)
PULLING = pod("b", containerStatuses=[container(reason="ErrImagePull", message="not found")])
CONFIG = pod("c", containerStatuses=[container(reason="CreateContainerConfigError")])
STARTING = pod(
    "d",
    conditions=[condition("PodScheduled", "True", "")],
    containerStatuses=[container(reason="ContainerCreating")],
)


class Cluster(Kubernetes):
    """A cluster whose pods are Pending; the first request fails."""

    def __init__(self, *pods: dict[str, Any]) -> None:
        super().__init__()
        self.asked: list[tuple[str, ...]] = []
        self._pods = pods

    async def run(self, *arguments: str, **_: Any) -> str:
        self.asked.append(arguments)
        if len(self.asked) == 1:
            raise CommandFailedError("the connection was refused")
        return json.dumps({"items": self._pods})


def test_a_reason_is_the_schedulers_or_a_containers() -> None:
    assert list(reasons([UNSCHEDULED, PULLING, CONFIG, STARTING])) == [
        "a: 0/3 nodes: insufficient cpu",
        "b: ErrImagePull: not found",
        "c: CreateContainerConfigError",
    ]


async def test_the_reasons_are_said_while_a_command_waits() -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    cluster = Cluster(UNSCHEDULED, STARTING)
    async with pending_told(cluster, "system-server", said.put_nowait, period=0):
        assert await said.get() == "a: 0/3 nodes: insufficient cpu"
    asked = len(cluster.asked)
    await asyncio.sleep(0)
    assert cluster.asked[0][:4] == ("get", "pods", "-n", "system-server")
    assert len(cluster.asked) == asked
