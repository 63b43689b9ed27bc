"""OPTION…: `suitectl demo` with three short chapters, on a suite that does not run."""

import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from suitectl.__main__ import main
from suitectl.commands import demo
from suitectl.platform.localkube import Localkube
from suitectl.story.chapter import Chapter
from suitectl.story.suite import Suite


@contextlib.asynccontextmanager
async def _running(state: Path) -> AsyncIterator[Localkube]:
    try:
        yield Localkube(state)
    finally:
        sys.stdout.write("the suite has ended\n")


def _chapter(name: str) -> Chapter:
    async def play(suite: Suite) -> None:
        suite.reporter.reached(f"{name} was played")

    return Chapter(f"chapter {name}", (), play)


if __name__ == "__main__":
    vars(demo).update(running=_running, CHAPTERS=[_chapter(name) for name in ("A", "B", "C")])
    sys.exit(main(["demo", *sys.argv[1:]]))
