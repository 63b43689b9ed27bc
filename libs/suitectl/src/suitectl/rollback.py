"""`suitectl rollback`: back to what the last release command started from.

It is a release command itself: a second rollback returns to where the first one started.
"""

import argparse

from suitectl.arguments import add_platform, add_ready_within, ready_within
from suitectl.program import CommandFailedError, program_named
from suitectl.release import Release
from suitectl.releases import Releases
from suitectl.telling import Teller


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `rollback`."""
    parser = verbs.add_parser("rollback", help="undo the last release command, also a rollback")
    add_platform(parser)
    add_ready_within(parser)
    parser.set_defaults(run=run)


async def run(options: argparse.Namespace) -> int:
    """Restore selector and replicas."""
    program = program_named(options.platform)
    tell = Teller(program)
    releases = Releases(program, tell, ready_within=ready_within(options))
    before, target = await releases.now(), await releases.previous()
    _check(before, target)
    await releases.check(target)
    tell.title(f"{before}  ->  {target}")
    async with releases.going_back(before):
        await releases.move(target)
    tell.good(f"{target}; another rollback returns to {before}")
    return 0


def _check(before: Release, target: Release) -> None:
    gone = [version for version in target.replicas if version not in before.replicas]
    if gone:
        there = ", ".join(before.replicas) or "none"
        raise CommandFailedError(f"{gone[0]} is not deployed any more; there are: {there}")
    if not any(target.carrying.values()):
        raise CommandFailedError(f"{target}: the Service would point at nothing")
