"""Resident memory of a replica after load."""

from functools import partial
from pathlib import Path

from bench.needs import missing
from bench.row import Row, Sample
from bench.rows.tokens import DISTINCT_TOKENS, check_token
from bench.stack import Service, Stack
from suitectl.catalogue import on_chassis

LIMIT_MIB = 80.0


def _measure(stack: Stack, _runs: int, name: str) -> list[Sample]:
    if name == "cas-server":
        if not missing(("wrk",)):
            check_token(stack, stack.tokens(DISTINCT_TOKENS))
        return [Sample(_resident_mib(stack.cas), LIMIT_MIB)]
    with stack.running(name, {}) as service:
        return [Sample(_resident_mib(service), LIMIT_MIB)]


def _resident_mib(service: Service) -> float:
    status = Path(f"/proc/{service.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


ROWS = tuple(
    Row(
        title=f"{name}, resident memory",
        limit_title="limit",
        unit="MiB",
        target=LIMIT_MIB,
        at_most=True,
        measure=partial(_measure, name=name),
        as_ratio=False,
    )
    for name in on_chassis()
)
