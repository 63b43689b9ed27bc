"""A row of the table that a cluster has to show: what happens, what must hold, what was seen."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.suite import Suite


@dataclass(frozen=True, slots=True)
class Scenario:
    """`play` returns the figures seen, in a few words; it raises where `must` does not hold.

    What it changes of the suite's objects is undone after it (`story.kept`); all else it leaves as
    it was, however it ends. `smoke` ones are played without SCENARIOS=all.
    """

    name: str
    title: str
    must: str
    play: Callable[[Suite, Kubernetes], Awaitable[str]]
    smoke: bool = False
