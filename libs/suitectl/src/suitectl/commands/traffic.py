"""`suitectl traffic`: each version's share of the traffic, on fresh connections."""

import argparse

from suitectl.arguments import add_platform, whole
from suitectl.platform.http import open_sender
from suitectl.platform.platforms import platform_named
from suitectl.release.releases import Releases
from suitectl.release.traffic import REQUESTS, measure
from suitectl.reporter import Reporter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--requests", "-N", help=f"fresh connections, by default {REQUESTS}")


async def run(options: argparse.Namespace) -> int:
    """Measure and draw; 1 where a request failed."""
    count = whole("N", options.requests, REQUESTS, least=1)
    platform = platform_named(options.platform)
    reporter = Reporter(platform.name)
    releases = Releases(platform, reporter)
    await releases.now()
    async with open_sender(platform) as sender:
        probed, _ = await measure(platform, releases, sender, count)
    return 1 if any(one.version is None for one in probed) else 0
