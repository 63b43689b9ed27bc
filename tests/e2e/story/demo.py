"""`make demo`: the suite comes up, the story is played, a table sums it up, nothing is left."""

import tempfile
import time
from pathlib import Path

from story.http import Http
from story.localkube import running
from story.narrator import Narrator, console, recorder
from story.steps import STEPS
from story.suite import Suite


async def demo(pictures: Path | None = None) -> None:
    """Play all chapters on a suite of their own; raise where one fails.

    With `pictures` each chapter is kept there as an SVG, for the documentation.
    """
    tell = Narrator(recorder() if pictures else console())
    began = time.monotonic()
    tell.title("The suite, from its Kubernetes manifests, as processes on this machine")
    with tempfile.TemporaryDirectory(prefix="suite-demo-") as state:
        async with running(Path(state)) as platform, Http() as http:
            rows = await _play_all(Suite(platform, tell, http), pictures)
    tell.title("What was seen")
    tell.table(("CHAPTER", "CHECKS", "SECONDS"), rows)
    tell.good(f"all {tell.checks} checks hold, nothing is left running, {_since(began):.0f} s")
    if pictures:
        tell.picture(pictures / "demo.svg", "make demo")
    tell.say("make up   leaves the suite running and prints what to try")


async def _play_all(suite: Suite, pictures: Path | None) -> list[tuple[str, int, float]]:
    rows = []
    for number, step in enumerate(STEPS, start=1):
        suite.tell.chapter(number, step.title)
        began, checks = time.monotonic(), suite.tell.checks
        await step.play(suite)
        if pictures:
            suite.tell.picture(pictures / f"{step.name}.svg", step.title)
        rows.append((step.title, suite.tell.checks - checks, round(_since(began), 1)))
    return rows


def _since(began: float) -> float:
    return time.monotonic() - began
