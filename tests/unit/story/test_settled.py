"""When the suite counts as settled after a rollout."""

from collections.abc import Sequence
from typing import Any

import pytest
from story.settled import settled

from sample_services import OUTSIDE
from suitectl.platform.localkube import Localkube

Step = tuple[int, list[dict[str, str]]]

ROLLING: Step = (2, [{}, {}])
"""Pods of the Deployment that are not terminating, and the metadata of those that exist."""
DELETING: Step = (1, [{}, {"deletionTimestamp": "2030-01-01T00:00:00Z"}])
GONE: Step = (1, [{}])


class Rollout(Localkube):
    """Each read of the API server finds the rollout one step further."""

    def __init__(self, rolling: int) -> None:
        super().__init__()
        self.steps = [ROLLING] * rolling + [DELETING] * 2
        self.step = ROLLING

    async def objects(self, kind: str, namespace: str | None = None) -> Sequence[dict[str, Any]]:
        self.step = self.steps.pop(0) if self.steps else GONE
        replicas, metadata = self.step
        where = {"name": "web", "namespace": namespace or OUTSIDE.namespace}
        if kind == "pods":
            return [{"metadata": where | one, "spec": {}, "status": {}} for one in metadata]
        counts = dict.fromkeys(("readyReplicas", "updatedReplicas"), 1)
        status = counts | {"replicas": replicas, "observedGeneration": 1}
        return [
            {
                "kind": "Deployment",
                "metadata": where | {"generation": 1},
                "spec": {"replicas": 1},
                "status": status,
            }
        ]


@pytest.mark.anyio
@pytest.mark.parametrize("rolling", [1, 2], ids=["pods-first", "workloads-first"])
async def test_a_pod_that_begins_to_terminate_between_two_reads_is_awaited(rolling: int) -> None:
    rollout = Rollout(rolling)

    await settled(rollout)

    assert rollout.step is GONE
