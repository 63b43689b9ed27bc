"""`suitectl images`: build one image a service and hand them to the cluster."""

import argparse
import os

from suitectl.images import BuildOptions, build_images
from suitectl.terminal import console, table


async def run(_: argparse.Namespace) -> int:
    """Build, hand over, and show what came of it."""
    images = await build_images(BuildOptions.of(os.environ))
    rows = [(i.service, i.name, round(i.size / 1e6), round(i.seconds, 1)) for i in images]
    console().print(table(("SERVICE", "IMAGE", "MB", "SECONDS"), rows))
    return 0
