"""`suitectl logs`: the logs of all pods in one stream."""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator

from suitectl.arguments import add_platform, platform_of
from suitectl.catalogue import namespaces_of_services, service_named
from suitectl.logs.display import display
from suitectl.logs.filters import Filters
from suitectl.logs.kubernetes_lines import kubernetes_lines
from suitectl.logs.line import Line
from suitectl.logs.localkube_lines import localkube_lines
from suitectl.output_pipe import discard_output, reader_gone
from suitectl.platform.localkube import Localkube
from suitectl.platform.pod import Pod

TAIL = 10
"""Lines of each container to begin with, unless some are chosen among all of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--service", default="", help="by default all pods, also those of Redis")
    parser.add_argument("--level", default="", help="a threshold, such as warning")
    parser.add_argument("--trace", default="", help="a trace id, or its beginning")


async def run(options: argparse.Namespace) -> int:
    """Print lines until Ctrl-C, or until nobody reads them any more."""
    filters = Filters.of(options.level, options.trace)
    lines = _lines(options, -1 if filters.choose else TAIL)
    reading = asyncio.create_task(_show(lines, filters))
    gone = asyncio.create_task(reader_gone())
    try:
        await asyncio.wait({reading, gone}, return_when=asyncio.FIRST_COMPLETED)
        with contextlib.suppress(BrokenPipeError):
            if reading.done():
                await reading
    finally:
        for task in (reading, gone):
            task.cancel()
        await asyncio.gather(reading, gone, return_exceptions=True)
    discard_output()
    return 0


def _lines(options: argparse.Namespace, tail: int) -> AsyncIterator[Line]:
    """Return the lines of one service's pods, or of all pods where services are."""
    service = service_named(options.service) if options.service else None
    namespaces = {service.namespace} if service else set(namespaces_of_services().values())
    platform = platform_of(options)
    if isinstance(platform, Localkube):

        def wanted(pod: Pod) -> bool:
            of_service = service is None or pod.labels.get("app") == service.name
            return of_service and pod.namespace in namespaces

        return localkube_lines(platform.client, wanted, tail)
    label = ("-l", f"app={service.name}") if service else ()
    places = [("-n", namespace, *label) for namespace in sorted(namespaces)]
    return kubernetes_lines(platform, places, tail)


async def _show(lines: AsyncIterator[Line], filters: Filters) -> None:
    show = display()
    async for line in lines:
        if filters.wants(line):
            show(line)
