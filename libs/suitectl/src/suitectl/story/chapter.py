"""A chapter of the story: what it is called, what to paste, and how it plays."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from suitectl.command_lines import Command
from suitectl.story.suite import Suite


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter; `play` raises `CheckFailedError` where a check does not hold."""

    title: str
    commands: Sequence[Command]
    play: Callable[[Suite], Awaitable[None]]
    name: str
