"""`suitectl images`: build one image for each service and load them into the cluster."""

import argparse
import os

from suitectl.images import BuildOptions, build_images
from suitectl.terminal import console, table


async def run(_: argparse.Namespace) -> int:
    """Build and load the images, and print a table of them."""
    images = await build_images(BuildOptions.of(os.environ))
    rows = [(i.service, i.name, round(i.size / 1e6), round(i.seconds, 1)) for i in images]
    console().print(table(("SERVICE", "IMAGE", "MB", "SECONDS"), rows))
    return 0
