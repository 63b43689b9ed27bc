"""`suitectl rollback`: back to what the last release command started from.

It is a release command itself: a second rollback undoes the first.
"""

import argparse

from suitectl.arguments import add_kubectl, add_platform, add_ready_within, add_versioned
from suitectl.errors import CommandFailedError
from suitectl.release.releases import Releases


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    add_versioned(parser)
    add_ready_within(parser)
    add_kubectl(parser)


async def run(options: argparse.Namespace) -> int:
    """Restore selector and replicas."""
    releases = Releases.of(options)
    before, target = await releases.now(), await releases.previous()
    before.require(target.replicas)
    if not any(target.carrying.values()):
        raise CommandFailedError(f"{target}: the Service would have no pods")
    await releases.check(target)
    releases.reporter.title(f"{before}  ->  {target}")
    async with releases.going_back(before):
        await releases.move(target)
    releases.reporter.good(str(target))
    releases.reporter.say(f"another rollback returns to {before}")
    return 0
