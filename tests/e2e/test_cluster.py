"""What only a cluster can show; `make e2e PLATFORM=kubernetes`, all of it with SCENARIOS=all."""

import os

import pytest
from story.kubernetes import Kubernetes
from story.scenarios import killed, policies
from story.suite import Suite

ON_KUBERNETES = os.environ.get("PLATFORM") == "kubernetes"
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not ON_KUBERNETES, reason="only a cluster can show it"),
]
whole_table = pytest.mark.skipif(
    os.environ.get("SCENARIOS") != "all", reason="part of SCENARIOS=all"
)


async def test_a_stranger_reaches_only_what_is_open(suite: Suite, cluster: Kubernetes) -> None:
    await policies.play(suite, cluster)


@whole_table
async def test_deleted_and_killed_pods_cost_what_was_in_flight_at_most(
    suite: Suite, cluster: Kubernetes
) -> None:
    await killed.play(suite, cluster)
