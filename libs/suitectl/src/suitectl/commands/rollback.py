"""`suitectl rollback`: back to what the last release command started from.

It is a release command itself: a second rollback returns to where the first one started.
"""

import argparse

from suitectl.arguments import add_platform, add_ready_within
from suitectl.errors import CommandFailedError
from suitectl.release.release import Release
from suitectl.release.releases import Releases


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    add_ready_within(parser)


async def run(options: argparse.Namespace) -> int:
    """Restore selector and replicas."""
    releases = Releases.of(options)
    before, target = await releases.now(), await releases.previous()
    _check(before, target)
    await releases.check(target)
    releases.reporter.title(f"{before}  ->  {target}")
    async with releases.going_back(before):
        await releases.move(target)
    releases.reporter.good(f"{target}; another rollback returns to {before}")
    return 0


def _check(before: Release, target: Release) -> None:
    gone = [version for version in target.replicas if version not in before.replicas]
    if gone:
        there = ", ".join(before.replicas) or "none"
        raise CommandFailedError(f"{gone[0]} is not deployed any more; there are: {there}")
    if not any(target.carrying.values()):
        raise CommandFailedError(f"{target}: the Service would point at nothing")
