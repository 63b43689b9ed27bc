"""`suitectl up`: start the suite, leave it running, and print where it is and what to try."""

import argparse

from localkube.verbs.watch import watch_at_prompt
from suitectl.guide import guide
from suitectl.platform.localkube import Localkube
from suitectl.platform.newcomers import join
from suitectl.reporter import Reporter


async def run(_: argparse.Namespace) -> int:
    """Bring the user's own suite up."""
    return await up(Localkube())


async def up(platform: Localkube) -> int:
    """Bring a suite up, print where it is and what to try; return the exit code.

    A suite that runs already is left unchanged, but for services that were made since.
    """
    reporter = Reporter()
    if platform.client.is_running():
        for name in await join(platform):
            reporter.say(f"{name} has joined the suite that runs")
    else:
        if code := await platform.up(quiet=True, watch=True):
            return code
        watch_at_prompt(platform.client.state)
    await guide(platform, reporter)
    return 0
