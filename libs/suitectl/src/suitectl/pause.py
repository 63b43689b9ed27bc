"""Waits for Enter between the steps of a presentation."""

import asyncio
import sys
from dataclasses import dataclass

from localkube.progress import handed_over
from suitectl.reporter import Reporter


@dataclass(frozen=True, slots=True)
class Pause:
    """Waits on a terminal, and nowhere else."""

    wanted: bool
    reporter: Reporter

    @property
    def possible(self) -> bool:
        """Say whether somebody can press Enter and see what for."""
        return sys.stdin.isatty() and sys.stdout.isatty()

    def announce(self) -> None:
        """Say in one line where a wanted pause is not possible."""
        if self.wanted and not self.possible:
            self.reporter.say("PAUSE=1 waits on a terminal only; going on without pauses")

    async def wait(self, what: str) -> None:
        """Wait for Enter before what comes next; Ctrl-C ends the wait as any other."""
        if not (self.wanted and self.possible):
            return
        self.reporter.say(f"Enter: {what}")
        loop, pressed = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(sys.stdin, pressed.set)
        try:
            with handed_over():
                await pressed.wait()
                sys.stdin.readline()
        finally:
            loop.remove_reader(sys.stdin)
