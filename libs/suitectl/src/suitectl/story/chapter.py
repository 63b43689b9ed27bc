"""A chapter of the story: its title, the commands to paste, and how it is played."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from suitectl.catalogue import registrations, services
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
    needs: Sequence[str] = ()
    """The services that it is about, besides cas-server."""

    @property
    def missing(self) -> Sequence[str]:
        """Return the services that it needs and the suite does not have (any more)."""
        return [name for name in self.needs if name not in services()]

    @property
    def name(self) -> str:
        """Return the name of the chapter's module."""
        return self.play.__module__.rpartition(".")[2]


def post_form(path: str, client: str, form: Mapping[str, str]) -> Curl:
    """Return the command that posts a form to cas-server as a client."""
    # Without its service a client is gone, and the chapter that shows it is left out.
    known = client in registrations()["clients"]
    name, secret = credentials(client) if known else (client, "")
    return Curl(*CAS, 2000, path, options=f"-u {name}:{secret}", form=form)
