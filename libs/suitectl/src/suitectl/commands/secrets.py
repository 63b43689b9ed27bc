"""`suitectl secrets`: what production needs and no repository may hold, under `.secrets/`."""

import argparse
import asyncio
from pathlib import Path

from suitectl.secrets.generated import DIRECTORY, IDENTITIES, generate
from suitectl.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--dir", type=Path, default=DIRECTORY)


async def run(options: argparse.Namespace) -> int:
    """Generate, and print the next step, never the secrets themselves."""
    await asyncio.shield(generate(options.dir))
    console().print(
        f"{options.dir}: generated; make deploy OVERLAY=prod applies them, "
        f"{IDENTITIES} has them in clear text"
    )
    return 0
