"""Why pods do not start, told while a command waits for them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from suitectl.errors import CommandFailedError
from suitectl.platform.platform import Platform

_PERIOD_S = 5.0
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})
"""What a container waits for that will start."""


@asynccontextmanager
async def pending_told(
    platform: Platform, namespace: str, say: Callable[[str], None], *, period: float = _PERIOD_S
) -> AsyncIterator[None]:
    """Say the reasons of a namespace's Pending pods during the block, every `period` seconds."""
    telling = asyncio.create_task(_tell(platform, namespace, say, period))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.wait([telling])


async def _tell(
    platform: Platform, namespace: str, say: Callable[[str], None], period: float
) -> None:
    while True:
        await asyncio.sleep(period)
        # The command itself fails, with a reason, where the cluster does not respond.
        with suppress(CommandFailedError, TimeoutError):
            found = await platform.run(
                *("get", "pods", "-n", namespace),
                *("--field-selector=status.phase=Pending", "-o", "json"),
            )
            say("; ".join(dict.fromkeys(reasons(json.loads(found)["items"]))))


def reasons(pods: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield why each pod is Pending: the scheduler's message, or what its containers wait for."""
    for pod in pods:
        status, name = pod["status"], pod["metadata"]["name"]
        for condition in status.get("conditions", ()):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                yield f"{name}: {condition.get('message', condition.get('reason', ''))}"
        for container in status.get("containerStatuses", ()):
            waiting = container["state"].get("waiting", {})
            if waiting.get("reason", "ContainerCreating") not in _STARTING:
                yield f"{name}: {waiting['reason']}: {waiting.get('message', '')}".rstrip(": ")
