"""A row of the table of cluster scenarios: title, requirement and result."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.suite import Suite

WHOLE_TABLE = os.environ.get("SCENARIOS") == "all"
"""Whether all scenarios are played. They need the machine's cores for themselves."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`play` returns the measured figures as text. It raises if `must` does not hold.

    `story.restored` restores the objects that it changes. It must restore anything else itself,
    however it ends. `smoke` scenarios also run without SCENARIOS=all.
    """

    title: str
    must: str
    play: Callable[[Suite, Kubernetes], Awaitable[str]]
    smoke: bool = False
    kills: bool = False
    """Whether it kills a container: as root, with the nodes on this machine."""

    @property
    def name(self) -> str:
        """Return the name of the scenario's module."""
        return self.play.__module__.rpartition(".")[2]
