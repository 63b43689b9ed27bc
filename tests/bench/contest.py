"""Contestants that are measured in turn, once, for all rows that compare two of them.

Each round loads every contestant for the same time; the next round runs in reverse order, so that
a machine that slows down steadily favours none.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.quantity import Quantity
from bench.row import Row, Run, Sample
from bench.tools import FAILURES, LoadError

if TYPE_CHECKING:
    from bench.stack import Stack

Load = Callable[[int], Run]
"""Loads a running contestant over a number of connections."""
Round = dict[str, Run]


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """A server or client to measure; `start` runs it during a block."""

    title: str
    start: Callable[["Stack"], AbstractContextManager[Load]]
    needs: tuple[str, ...] = ("wrk",)
    warm_ups: int = 1
    """Loads before the first that counts; a just-in-time compiler needs more than one."""


@dataclass(frozen=True, slots=True)
class Played:
    """The rounds of a contest, and why a contestant has no figures."""

    rounds: list[Round]
    failures: dict[str, str]


@dataclass(frozen=True, slots=True)
class Pairing:
    """The `measure` of a row: one contestant against another, from the same rounds.

    `share` multiplies the other's figure, where a part of it is the limit.
    """

    contest: str
    figure: Contestant
    limit: Contestant
    connections: int
    quantity: Quantity
    share: float = 1.0

    def __call__(self, stack: "Stack", runs: int) -> Sequence[Sample]:
        """Return a sample of each round; the first pairing of a contest measures for all."""
        contest = self.contest, self.connections
        if contest not in stack.contests:
            contestants = self._contestants(stack.wanted)
            stack.contests[contest] = _play(stack, contestants, self.connections, runs)
        played = stack.contests[contest]
        for one in (self.figure, self.limit):
            if one.title in played.failures:
                raise LoadError(f"{one.title}: {played.failures[one.title]}")
        return [self._sample(one) for one in played.rounds]

    def _sample(self, measured: Round) -> Sample:
        run, peer = measured[self.figure.title], measured[self.limit.title]
        read = self.quantity.read
        return Sample(read(run), read(peer) * self.share, run, peer)

    def _contestants(self, wanted: Sequence[Row]) -> Sequence[Contestant]:
        """Return those that wanted rows compare in this contest."""
        pairings = [row.measure for row in wanted if isinstance(row.measure, Pairing)]
        found = {
            one.title: one
            for pairing in (*pairings, self)
            if (pairing.contest, pairing.connections) == (self.contest, self.connections)
            for one in (pairing.figure, pairing.limit)
        }
        return list(found.values())


def pairing(
    contest: str,
    figure: Contestant,
    limit: Contestant,
    connections: int,
    quantity: Quantity,
    *,
    target: float | None,
    share: float = 1.0,
    limit_title: str = "",
) -> Row:
    """Return the row of a pairing."""
    return Row(
        title=", ".join((f"{figure.title} {quantity.name}".strip(), f"c={connections}")),
        limit_title=limit_title or limit.title,
        unit=quantity.unit,
        target=target,
        at_most=quantity.at_most,
        measure=Pairing(contest, figure, limit, connections, quantity, share),
        needs=tuple(dict.fromkeys((*figure.needs, *limit.needs, *quantity.needs))),
    )


def _play(stack: "Stack", contestants: Sequence[Contestant], connections: int, runs: int) -> Played:
    played, loads = Played([], {}), dict[str, Load]()
    with ExitStack() as running:
        for one in contestants:
            with _failing(played, one.title):
                loads[one.title] = running.enter_context(one.start(stack))
                for _ in range(one.warm_ups):
                    stack.say(f"warming up {one.title}")
                    loads[one.title](connections)
        for number in range(runs):
            played.rounds.append({})
            for title in sorted(loads, reverse=bool(number % 2)):
                stack.say(f"run {number + 1} of {runs}: {title}")
                with _failing(played, title):
                    played.rounds[-1][title] = loads[title](connections)
    return played


@contextmanager
def _failing(played: Played, title: str) -> Iterator[None]:
    """Record that a contestant failed; the others go on."""
    try:
        yield
    except FAILURES as error:
        played.failures[title] = f"{type(error).__name__}: {error}"
