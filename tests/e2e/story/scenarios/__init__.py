"""The scenarios that need a cluster, in their order."""

from collections.abc import Sequence

from story.scenarios import (
    autoscaled,
    canaries,
    cut_off,
    discovered,
    drained,
    edited,
    failover,
    killed,
    policies,
    rolled,
    rotated,
    signed,
    switched,
)
from story.scenarios.scenario import Scenario

SCENARIOS: Sequence[Scenario] = (
    policies.SCENARIO,
    rolled.SCENARIO,
    canaries.SCENARIO,
    switched.SCENARIO,
    killed.SCENARIO,
    drained.SCENARIO,
    cut_off.SCENARIO,
    failover.SCENARIO,
    autoscaled.SCENARIO,
    edited.SCENARIO,
    rotated.SCENARIO,
    signed.SCENARIO,
    discovered.SCENARIO,
)
