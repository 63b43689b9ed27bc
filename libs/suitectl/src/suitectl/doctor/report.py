"""Run the checks beside each other, and print what they found."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Callable, Iterable, Iterator, Mapping

from suitectl.doctor import checkout, cluster, machine, network, peers, programs, python, suites
from suitectl.doctor.finding import GOOD, MISSING, Finding, odd

ROOT = Path(__file__).resolve().parents[5]
WITHIN_S = 2.8
"""The seconds after which a check that has not ended is reported as slow."""
Check = Callable[[Path], Iterable[Finding]]
CHECKS: Mapping[str, Check] = {
    "python": python.check,
    "pip": python.installing,
    "redis": programs.redis,
    "loopback": network.check,
    "localkube": suites.check,
    "machine": machine.check,
    "checkout": checkout.check,
    "programs": programs.check,
    "tests' programs": peers.check,
    "cluster": cluster.check,
}
_COLOURS = {"✓": "32", "!": "33", "✗": "31"}
_PLAIN = {"✓": "+", "✗": "x", "→": "->"}
"""For a terminal that is not told UTF-8."""
_LOG_COLUMNS = 10_000
"""A log has one line for each finding, however long."""


def main() -> int:
    """Print the findings; return 1 where something is missing that nothing runs without."""
    findings = list(found(CHECKS, ROOT))
    for line in lines(findings, _columns()):
        sys.stdout.write(f"{_shown(line)}\n")
    sys.stdout.flush()
    return int(any(one.mark == MISSING for one in findings))


def found(checks: Mapping[str, Check], root: Path, within: float = WITHIN_S) -> Iterator[Finding]:
    """Yield the findings of all checks, in their order; none takes longer than `within` seconds."""
    deadline = time.monotonic() + within
    runs = [_Run(name, check, root) for name, check in checks.items()]
    for run in runs:
        run.start()
    for run in runs:
        run.join(max(0.0, deadline - time.monotonic()))
        if run.findings is None:
            yield odd(f"the check of {run.name} did not end", "make doctor")
        yield from run.findings or ()


class _Run(threading.Thread):
    """A check, in a daemon thread: one that hangs does not hold the report."""

    def __init__(self, name: str, check: Check, root: Path) -> None:
        super().__init__(name=name, daemon=True)
        self._check, self._root = check, root
        self.findings: list[Finding] | None = None

    def run(self) -> None:
        """Run the check; one that fails is a finding itself."""
        try:
            self.findings = list(self._check(self._root))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other findings are printed
            text = f"the check of {self.name} failed: {error!r}"
            self.findings = [odd(text, "make doctor PYTHON=/path/to/another/python3")]


def lines(findings: list[Finding], columns: int) -> Iterator[str]:
    """Yield a line for each finding with its remedy, and one paragraph for all that is well."""
    well = ", ".join(one.text for one in findings if one.mark == GOOD)
    yield from textwrap.wrap(
        f"{GOOD} {well}", columns, subsequent_indent="  ", break_on_hyphens=False
    )
    for one in sorted(findings, key=lambda finding: finding.mark == MISSING):
        if one.mark != GOOD:
            yield from _with_remedy(one, columns)


def _with_remedy(one: Finding, columns: int) -> Iterator[str]:
    line = f"{one.mark} {one.text}  → {one.remedy}"
    if len(line) <= columns:
        yield line
    else:
        yield from textwrap.wrap(f"{one.mark} {one.text}", columns, subsequent_indent="  ")
        # A command is copied: the terminal wraps it, no line end comes in between.
        yield f"    → {one.remedy}"


def _columns() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _LOG_COLUMNS


def _shown(line: str) -> str:
    encoding = sys.stdout.encoding or "ascii"
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        for mark, plain in _PLAIN.items():
            line = line.replace(mark, plain)
        line = line.encode(encoding, "replace").decode(encoding)
    colour = _COLOURS.get(line[:1])
    # As `localkube.terminal.takes_colours`; doctor runs without the packages of the suite.
    takes_none = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    if colour is None or not sys.stdout.isatty() or takes_none:
        return line
    return f"\033[{colour}m{line[0]}\033[0m{line[1:]}"
