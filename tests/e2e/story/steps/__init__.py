"""The chapters of the story, in order."""

from collections.abc import Sequence
from typing import Protocol

from story.commands import Command
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
from story.suite import Suite


class Step(Protocol):
    """One chapter, a module: what it is called, what to paste, and how it plays."""

    TITLE: str
    COMMANDS: Sequence[Command]

    @staticmethod
    async def play(suite: Suite) -> None:
        """Play the chapter; raise `StepFailedError` where a check does not hold."""


STEPS: Sequence[Step] = (
    ready,
    authorise,
    across_namespaces,
    configuration,
    canary,
    blue_green,
    faults,
    revoke,
)
