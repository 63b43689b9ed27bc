"""docs/development.md, "Time in tests": a test that uses a clock states the reason."""

import pytest

from checkers.clocks import unexplained
from suitectl.root import ROOT

MEASURING = {"bench", "load", "e2e", "images", "interop"}
"""Tests of these directories run alone or measure time."""


def test_every_clock_in_a_test_has_a_reason() -> None:
    tests = ROOT / "tests"
    paths = [p for p in tests.rglob("*.py") if p.relative_to(tests).parts[0] not in MEASURING]
    found = [f"{path}:{line}" for path in paths for line in unexplained(path.read_text())]
    assert found == [], "count the work, await the event, or say why: # clock: reason"


@pytest.mark.parametrize(
    "use",
    [
        "assert time.monotonic() - began < 5",
        "took = asyncio.get_running_loop().time()",
        "time.sleep(0.5)",
        "await anyio.sleep(0.1)",
        "async with asyncio.timeout(5): pass",
        "await asyncio.wait_for(event.wait(), 5)",
        "process.wait(timeout=5)",
    ],
)
def test_a_clock_without_a_reason_is_found(use: str) -> None:
    code = f"async def test() -> None:\n    {use}"
    assert list(unexplained(code)) == [2]
    assert list(unexplained(f"{code}  # clock: the peer is idle")) == []


@pytest.mark.parametrize(
    "use",
    [
        "await asyncio.sleep(0)",
        "while pending(): await asyncio.sleep(0.01)",
        "async with asyncio.timeout(PATIENCE_S): pass",
        "process.wait(timeout=60)",
    ],
)
def test_polls_and_generous_deadlines_need_no_reason(use: str) -> None:
    assert list(unexplained(f"async def test() -> None:\n    {use}")) == []
