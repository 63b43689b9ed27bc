"""A chapter of the story: its title, the commands to paste, and how it is played."""

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

    @property
    def name(self) -> str:
        """Return the name of the chapter's module."""
        return self.play.__module__.rpartition(".")[2]
