"""What of a load run a row compares."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.row import Run
from bench.tools import LoadError


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure of a run; `needs` says what it is read with."""

    name: str
    unit: str
    at_most: bool
    read: Callable[[Run], float]
    needs: tuple[str, ...] = ()


def _known(value: float | None) -> float:
    if value is None:
        raise LoadError("it did not measure this")
    return value


RATE = Quantity("", "/s", at_most=False, read=lambda run: run.rate)
P99 = Quantity("p99", "ms", at_most=True, read=lambda run: _known(run.p99_ms))
CPU = Quantity(
    "CPU", "µs", at_most=True, read=lambda run: _known(run.cpu_us), needs=("CPU accounting",)
)
