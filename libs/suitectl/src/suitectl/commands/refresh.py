"""`suitectl refresh`: bring edited ConfigMaps and Secrets into the pods at once."""

import argparse

from suitectl.arguments import add_platform, platform_of
from suitectl.catalogue import service_named, services
from suitectl.refresh import refresh
from suitectl.reporter import Reporter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--service", help="the service whose pods are refreshed, by default all")


async def run(options: argparse.Namespace) -> int:
    """Annotate the pods; on localkube print that this is not needed."""
    wanted = [service_named(options.service).name] if options.service else list(services())
    platform = platform_of(options)
    for service in wanted:
        await refresh(platform, Reporter(platform.name), service)
    return 0
