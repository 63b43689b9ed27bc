"""A chapter of the story: what it is called, what to paste, and how it plays."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from story.commands import Command
from story.suite import Suite


@dataclass(frozen=True, slots=True)
class Step:
    """One chapter; `play` raises `StepFailedError` where a check does not hold."""

    title: str
    commands: Sequence[Command]
    play: Callable[[Suite], Awaitable[None]]
    name: str
