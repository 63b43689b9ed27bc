"""`suitectl refresh`: bring edited ConfigMaps and Secrets into the pods at once."""

import argparse

from suitectl.arguments import add_platform, platform_of
from suitectl.errors import CommandFailedError
from suitectl.refresh import SERVICES, refresh
from suitectl.reporter import Reporter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--service", help="the service whose pods are refreshed, by default all")


async def run(options: argparse.Namespace) -> int:
    """Annotate the pods; on localkube print that this is not needed."""
    if options.service and options.service not in SERVICES:
        known = ", ".join(SERVICES)
        raise CommandFailedError(f"SERVICE={options.service}: no such service; there are: {known}")
    platform = platform_of(options)
    for service in [options.service] if options.service else SERVICES:
        await refresh(platform, Reporter(platform.name), service)
    return 0
