"""`suitectl demo`: play the story on a suite of its own, check each step, leave nothing running."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from suitectl.arguments import flag
from suitectl.errors import CommandInterrupted
from suitectl.pause import Pause
from suitectl.platform.http import Http
from suitectl.platform.localkube import running
from suitectl.reporter import Reporter
from suitectl.story.chapter import Chapter
from suitectl.story.chapters import CHAPTERS, LEFT_OUT
from suitectl.story.suite import Suite
from suitectl.terminal import console, recorder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--pictures", type=Path, help="write each chapter there as SVG")
    parser.add_argument("--pause", help="wait for Enter between chapters, on a terminal")
    parser.add_argument("--kubectl", help="print the commands for a cluster too")


async def run(options: argparse.Namespace) -> int:
    """Play all chapters; raise `CheckFailedError` where one fails.

    With `pictures` each chapter is written there as an SVG, for the documentation.
    """
    try:
        await _demo(options)
    except asyncio.CancelledError:
        raise CommandInterrupted("interrupted; nothing is left running") from None
    return 0


async def _demo(options: argparse.Namespace) -> None:
    pictures: Path | None = options.pictures
    out = recorder() if pictures else console()
    reporter = Reporter(out=out, kubectl=flag("KUBECTL", options.kubectl))
    began = time.monotonic()
    reporter.title("The suite, from its Kubernetes manifests, as processes on this machine")
    pause = Pause(flag("PAUSE", options.pause), reporter)
    pause.announce()
    with tempfile.TemporaryDirectory(prefix="suite-demo-") as state:
        async with running(Path(state)) as platform, Http() as http:
            rows = await _play_all(Suite(platform, http, reporter), pause, pictures)
    reporter.title("What was seen")
    reporter.table(("CHAPTER", "CHECKS", "SECONDS"), rows)
    for line in left_out(LEFT_OUT):
        reporter.say(line)
    took = time.monotonic() - began
    reporter.summary(f"{held(reporter.checks)}, nothing is left running, {took:.0f} s")
    if pictures:
        reporter.picture(pictures / "demo.svg", "make demo")
    reporter.say("make up   leaves the suite running and prints what to try")


def held(checks: int) -> str:
    """Say that all checks hold, of which one chapter alone may have one."""
    return f"all {checks} checks hold" if checks > 1 else "the check holds"


def left_out(chapters: Iterable[Chapter]) -> Iterator[str]:
    """Yield lines of at most 78 columns: which chapters lack which services."""
    by_missing: dict[str, list[str]] = {}
    for chapter in chapters:
        by_missing.setdefault(" and ".join(chapter.missing), []).append(chapter.title)
    for missing, titles in by_missing.items():
        yield f"left out, without {missing}:"
        yield from (f"  {title}" for title in titles)


async def _play_all(
    suite: Suite, pause: Pause, pictures: Path | None
) -> list[tuple[str, int, float]]:
    rows = []
    for number, chapter in enumerate(CHAPTERS, start=1):
        if number > 1:
            await pause.wait(chapter.title)
        suite.reporter.chapter(number, chapter.title)
        began, checks = time.monotonic(), suite.reporter.checks
        await chapter.play(suite)
        if pictures:
            suite.reporter.picture(pictures / f"{chapter.name}.svg", chapter.title)
        took = round(time.monotonic() - began, 1)
        rows.append((chapter.title, suite.reporter.checks - checks, took))
    return rows
