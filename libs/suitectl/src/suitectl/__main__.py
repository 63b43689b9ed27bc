"""`python -m suitectl VERB`: one module a verb, the same on both platforms."""

import argparse
import asyncio
import importlib
import signal
import sys
from collections.abc import Sequence

from suitectl.program import CommandFailedError

VERBS = (
    *("images", "deploy", "secrets", "dev_secrets", "rotate"),
    *("canary", "blue_green", "rollback", "traffic", "refresh"),
)
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; 1 where it failed, 130 where it was interrupted."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(_interruptible(options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _complain(options.verb, "interrupted", INTERRUPTED)
    except (CommandFailedError, TimeoutError) as error:
        return _complain(options.verb, str(error), 1)


async def _interruptible(options: argparse.Namespace) -> int:
    """Treat SIGTERM as Ctrl-C, so that a verb that is stopped cleans up as well."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return int(await options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="suitectl", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name in VERBS:
        importlib.import_module(f"suitectl.{name}").add_parser(verbs)
    return parser


def _complain(verb: str, message: str, code: int) -> int:
    print(f"{verb}: {message}", file=sys.stderr)  # noqa: T201 - this is a command
    return code


if __name__ == "__main__":
    sys.exit(main())
