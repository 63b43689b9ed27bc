"""One row of the table: what is compared, with what, and the target."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.stack import Stack


@dataclass(frozen=True, slots=True)
class Sample:
    """One pair: the figure, and the limit or peer measured right after it."""

    figure: float
    limit: float

    @property
    def ratio(self) -> float:
        """Return the figure divided by the limit."""
        return self.figure / self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """A comparison; `needs` are programs without which it is skipped."""

    title: str
    limit_title: str
    unit: str
    target: float
    at_most: bool
    measure: Callable[["Stack", int], Sequence[Sample]]
    needs: tuple[str, ...] = ()
    as_ratio: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """The samples of a row and their summary."""

    row: Row
    samples: Sequence[Sample]

    @property
    def value(self) -> float:
        """Return the median of the pairs' ratios, or of the figures if the limit is fixed."""
        return statistics.median(self.values)

    @property
    def values(self) -> list[float]:
        """Return the value of each sample that is compared with the target."""
        return [s.ratio if self.row.as_ratio else s.figure for s in self.samples]

    @property
    def met(self) -> bool:
        """Return whether the median meets the target."""
        wanted = self.row.target
        return self.value <= wanted if self.row.at_most else self.value >= wanted
