"""The chapters of the story, in order."""

from collections.abc import Sequence

from story.step import Step
from story.steps import (
    across_namespaces,
    authorise,
    blue_green,
    canary,
    configuration,
    faults,
    ready,
    revoke,
)

STEPS: Sequence[Step] = (
    ready.STEP,
    authorise.STEP,
    across_namespaces.STEP,
    configuration.STEP,
    canary.STEP,
    blue_green.STEP,
    faults.STEP,
    revoke.STEP,
)
