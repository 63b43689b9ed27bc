"""One row of the table: what is compared, with what, and the target."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.stack import Stack


@dataclass(frozen=True, slots=True)
class Run:
    """One load run: requests a second, p99 in ms, and µs of the server's CPU for each request."""

    rate: float
    p99_ms: float | None = None
    cpu_us: float | None = None
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One pair: the figure, and the limit or peer measured right after it.

    `run` and `peer` are the load runs behind the two, where there are any.
    """

    figure: float
    limit: float
    run: Run | None = None
    peer: Run | None = None

    @property
    def ratio(self) -> float:
        """Return the figure divided by the limit."""
        return self.figure / self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """A comparison; without a target it is only reported.

    `needs` are the programs and peers (`bench.needs`) without which it is skipped. A `long` one,
    of minutes, is measured where `--long` asks for it.
    """

    title: str
    limit_title: str
    unit: str
    target: float | None
    at_most: bool
    measure: Callable[["Stack", int], Sequence[Sample]]
    needs: tuple[str, ...] = ()
    as_ratio: bool = True
    long: bool = False


def bounded(
    title: str,
    limit: float,
    unit: str,
    measure: Callable[["Stack", int], Iterable[float]],
    *,
    needs: tuple[str, ...] = (),
    long: bool = False,
) -> Row:
    """Return a row whose figures must not exceed a fixed limit, which is no measurement."""

    def samples(stack: "Stack", runs: int) -> Sequence[Sample]:
        return [Sample(figure, limit) for figure in measure(stack, runs)]

    return Row(
        title,
        limit_title="limit",
        unit=unit,
        target=limit,
        at_most=True,
        measure=samples,
        needs=needs,
        as_ratio=False,
        long=long,
    )


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
        """Return whether the median meets the target; without one it does."""
        wanted = self.row.target
        if wanted is None:
            return True
        return self.value <= wanted if self.row.at_most else self.value >= wanted

    @property
    def figure(self) -> float:
        """Return the median of the figures."""
        return statistics.median(sample.figure for sample in self.samples)

    @property
    def limit(self) -> float:
        """Return the median of the limits or peers."""
        return statistics.median(sample.limit for sample in self.samples)

    @property
    def p99_ms(self) -> tuple[float | None, float | None]:
        """Return the medians of both sides' p99."""
        return self._of_both(lambda run: run.p99_ms)

    @property
    def cpu_us(self) -> tuple[float | None, float | None]:
        """Return the medians of both sides' CPU for each request."""
        return self._of_both(lambda run: run.cpu_us)

    def _of_both(self, part: Callable[[Run], float | None]) -> tuple[float | None, float | None]:
        figures = (part(sample.run) for sample in self.samples if sample.run)
        peers = (part(sample.peer) for sample in self.samples if sample.peer)
        return _median(figures), _median(peers)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row without samples, and why."""

    row: Row
    reason: str
    failed: bool = False


def median_run(runs: Sequence[Run]) -> Run:
    """Return the median of each figure."""
    return Run(
        statistics.median(run.rate for run in runs),
        _median(run.p99_ms for run in runs),
        _median(run.cpu_us for run in runs),
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None
