"""`suitectl traffic`: each version's share of the traffic, on fresh connections."""

import argparse

from suitectl.arguments import add_platform, add_versioned, platform_of, whole
from suitectl.catalogue import versioned_service
from suitectl.platform.http import open_sender
from suitectl.release.releases import Releases
from suitectl.release.traffic import REQUESTS, measure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    add_versioned(parser)
    parser.add_argument("--requests", "-N", help=f"fresh connections, by default {REQUESTS}")


async def run(options: argparse.Namespace) -> int:
    """Measure and print the shares; return 1 where a request failed."""
    count = whole("N", options.requests, REQUESTS, least=1)
    releases = Releases(platform_of(options), versioned_service(options.service))
    await releases.now()
    async with open_sender(releases.platform) as sender:
        probed, _ = await measure(releases, sender, count)
    return 1 if any(one.version is None for one in probed) else 0
