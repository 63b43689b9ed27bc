"""Each version's share of the traffic: expected by its ready pods, observed, and how far off.

A Service chooses a pod at random for each connection, so that of n connections a version with
the part p of the pods gets a binomial number. The tolerance is three of its standard deviations,
3·√(p(1-p)/n): a fair Service is outside in one run of 370. localkube goes round and is exact.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suitectl.release.probes import Probe
from suitectl.release.release import share
from suitectl.reporter import Reporter
from suitectl.terminal import bar

DEVIATIONS = 3
_BAR = 14  # so that the table fits into 80 columns


@dataclass(frozen=True, slots=True)
class Share:
    """One version's part of the traffic; figures from 0 to 1."""

    version: str
    pods: int
    expected: float
    observed: float
    tolerance: float

    @property
    def within(self) -> bool:
        """Say whether chance explains the difference."""
        # A hair more: 0.3 and 3/10 may differ in the last bit.
        return abs(self.observed - self.expected) <= self.tolerance + 1e-9


def shares_of(
    probed: Sequence[Probe], ready: Mapping[str, int], selector: Mapping[str, str]
) -> Sequence[Share]:
    """Compare the responses with the ready pods that a Service selects; failures do not count."""
    only = selector.get("version")
    carrying = {v: n for v, n in ready.items() if only in {None, v}}
    responses = Counter(one.version for one in probed if one.version is not None)
    return [_share(version, carrying, responses) for version in sorted({*ready, *responses})]


def tolerance(expected: float, count: int) -> float:
    """Return three standard deviations of the observed share over `count` connections."""
    return DEVIATIONS * math.sqrt(expected * (1 - expected) / count) if count else 0.0


def draw(reporter: Reporter, shares: Sequence[Share]) -> None:
    """Draw the table, with a bar of the observed share and a mark at the expected one."""
    columns = ("VERSION", "PODS", "EXPECTED", "OBSERVED", "TOLERANCE", "", "")
    reporter.table(columns, [_row(one) for one in shares])


def _share(version: str, carrying: Mapping[str, int], responses: Mapping[str, int]) -> Share:
    expected, total = share(version, carrying), sum(responses.values())
    return Share(
        version=version,
        pods=carrying.get(version, 0),
        expected=expected,
        observed=share(version, responses),
        tolerance=tolerance(expected, total),
    )


def _row(one: Share) -> tuple[object, ...]:
    verdict = "✓ within" if one.within else "✗ outside"
    figures = (f"{one.expected:6.1%}", f"{one.observed:6.1%}", f"± {one.tolerance:.1%}")
    return (one.version, one.pods, *figures, verdict, bar(one.observed, one.expected, _BAR))
