"""`suitectl up`: start the suite, leave it running, and print what to try."""

import argparse

from localkube.errors import AlreadyRunningError
from localkube.verbs.watch import watch_at_prompt
from suitectl.catalogue import TRY, services
from suitectl.platform.localkube import Localkube
from suitectl.reporter import Reporter
from suitectl.story.chapters import CHAPTERS


async def run(_: argparse.Namespace) -> int:
    """Bring the user's own suite up."""
    return await up(Localkube())


async def up(platform: Localkube) -> int:
    """Bring a suite up, print where it is and what to try; return the exit code.

    A suite that runs already is left unchanged, and the guide describes it.
    """
    code = await platform.up(watch=True)
    if code not in (0, AlreadyRunningError.exit_code):
        return code
    if code == 0:
        watch_at_prompt(platform.client.state)
    reporter = Reporter()
    reporter.title("Where everything is")
    rows = [
        (*service.address, await platform.url(*service.address), service.annotation(TRY))
        for service in services().values()
    ]
    reporter.table(("SERVICE", "NAMESPACE", "URL", "WHAT"), rows)
    reporter.title("What to try")
    for number, chapter in enumerate(CHAPTERS, start=1):
        reporter.chapter(number, chapter.title)
        for command in chapter.commands:
            reporter.command(command)
    reporter.say("make watch  shows each saved source as it is reloaded")
    reporter.say("make down   stops it")
    return 0
