"""A chapter of the story: its title, the commands to paste, and how it is played."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from suitectl.command_lines import Command, Curl
from suitectl.identities import credentials
from suitectl.story.cast import CAS
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


def post_form(path: str, client: str, form: Mapping[str, str]) -> Curl:
    """Return the command that posts a form to cas-server as a client."""
    name, secret = credentials(client)
    return Curl(*CAS, 2000, path, options=f"-u {name}:{secret}", form=form)
