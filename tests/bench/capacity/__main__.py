"""`make capacity`: what requests and tokens cost here, and what one Redis and N replicas carry.

It ends with runs that check the formulas of docs/design/capacity.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from bench.capacity import model
from bench.capacity.measured import Checked, Measurement, median_check, median_cost
from bench.capacity.model import Cost
from bench.capacity.sends import AT_ONCE, CODE, ISSUE
from bench.figures import short
from bench.needs import missing
from bench.tools import FAILURES
from cas_server.settings import CasSettings
from localkube.progress import step
from suitectl.terminal import console, table

NEEDS = ("wrk", "CPU accounting")
TOLERANCE = 0.25
"""How far a measured run may be from its formula."""
ROUNDS = 5
STORED = (ISSUE, CODE)
"""What leaves something in Redis, and is sent often enough to tell how much."""
REPLICAS = (1, 2, 3, 6)
MAXMEMORY = {"384 MiB, as in prod": 384 * 2**20, "1 GiB": 2**30, "4 GiB": 4 * 2**30}


def main(arguments: Sequence[str]) -> int:
    """Measure and print. With --check, return 1 where a formula is off by more than a quarter."""
    parser = argparse.ArgumentParser(prog="make capacity ARGS=...")
    parser.add_argument("--check", action="store_true", help="exit 1 where a formula does not hold")
    options, out = parser.parse_args(arguments), console()
    if lines := missing(NEEDS):
        sys.exit("\n".join(f"capacity: {line}" for line in lines))
    costs, family_bytes, checked = _measured()
    _print(out, costs, family_bytes, checked)
    return int(options.check and any(abs(one.ratio - 1) > TOLERANCE for one in checked))


def _measured() -> tuple[Mapping[str, Cost], float, Sequence[Checked]]:
    with (
        tempfile.TemporaryDirectory(prefix="suite-bench-") as directory,
        ExitStack() as processes,
        step("measuring what requests and tokens cost") as say,
    ):
        measurement = Measurement(Path(directory), processes)
        measurement.warm_up()
        costs, mixes = [], []
        for number in range(ROUNDS):
            # A cost depends on what else the machine does: predict by one of the same minute.
            say(f"round {number + 1} of {ROUNDS}")
            costs.append(measurement.costs())
            mixes.append(measurement.mix(costs[-1]))
        say("checks of a service that caches")
        checked = [*map(median_check, zip(*mixes, strict=True)), measurement.cache()]
        family_bytes = measurement.family_bytes()
    medians = {kind: median_cost([one[kind] for one in costs]) for kind in costs[0]}
    return medians, family_bytes, checked


def _print(
    out: Console, costs: Mapping[str, Cost], family_bytes: float, checked: Sequence[Checked]
) -> None:
    titles = [f"{count} REPLICA{'S' if count > 1 else ''}" for count in REPLICAS]
    out.print(
        table(
            ("REQUEST", "AT ONCE", "CPU OF A REPLICA, µs", "CPU OF REDIS, µs", "BYTES IN REDIS"),
            (_cost(kind, one) for kind, one in costs.items()),
        )
    )
    out.print(table(("A SECOND", *titles), _rates(costs)))
    room = ("MAXMEMORY", "LIVE TOKENS", f"LOGINS A DAY, {family_bytes:,.0f} bytes each")
    out.print(table(room, _room(costs[ISSUE].redis_bytes, family_bytes)))
    out.print(table(("FORMULA", "PREDICTED", "MEASURED", "RATIO"), map(_line, checked)))


def _cost(kind: str, one: Cost) -> Sequence[str]:
    bytes_each = f"{one.redis_bytes:,.0f}" if kind in STORED else ""
    at_once = str(AT_ONCE[kind])
    return kind, at_once, f"{one.replica_us:,.0f}", f"{one.redis_us:,.1f}", bytes_each


def _rates(costs: Mapping[str, Cost]) -> Iterator[Sequence[str]]:
    for kind, cost in costs.items():
        limits = (model.requests_a_second(cost, count) for count in REPLICAS)
        yield kind, *(f"{one.most:,.0f}, {one.by}" for one in limits)


def _room(token_bytes: float, family_bytes: float) -> Iterator[Sequence[str]]:
    days = CasSettings().refresh_token_validity / 86_400
    for title, maxmemory in MAXMEMORY.items():
        tokens = model.live_tokens(maxmemory, token_bytes)
        logins = model.logins_a_day(maxmemory, family_bytes, days)
        yield title, f"{tokens:,.0f}", f"{logins:,.0f}"


def _line(one: Checked) -> Sequence[str]:
    both = (f"{short(value)} {one.unit}" for value in (one.predicted, one.measured))
    return one.title, *both, short(one.ratio)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except FAILURES as error:
        sys.exit(f"capacity: {error}")
