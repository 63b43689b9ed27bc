"""`python -m story demo|up|token|call`."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from cas_server.identities.demo_identities import DEMO_SECRETS
from story import ask
from story.demo import demo
from story.guide import guide
from story.platform import CommandFailedError

INTERRUPTED = 130


def main() -> int:
    """Run what the command line asks for; 130 where it was interrupted."""
    options = _parse()
    try:
        return asyncio.run(_interruptible(options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _complain("interrupted; nothing is left running", INTERRUPTED)
    except (CommandFailedError, AssertionError, RuntimeError, TimeoutError) as error:
        return _complain(str(error), 1)


async def _interruptible(options: argparse.Namespace) -> int:
    """Treat SIGTERM as Ctrl-C, so that a stopped demo cleans up as well."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await _dispatch(options)


async def _dispatch(options: argparse.Namespace) -> int:
    match options.what:
        case "demo":
            await demo(options.pictures)
            return 0
        case "up":
            return await guide()
        case "token":
            return await ask.token(options)
        case _:
            return await ask.call(options)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="story")
    parser.add_argument("what", choices=("demo", "up", "token", "call"))
    parser.add_argument("--user", default="alice", choices=("alice", "admin"))
    parser.add_argument("--client", choices=sorted(DEMO_SECRETS.keys() - {"alice", "admin"}))
    parser.add_argument("--path", default="/api/me")
    parser.add_argument("--pictures", type=Path, help="keep each chapter of the demo there as SVG")
    return parser.parse_args()


def _complain(message: str, code: int) -> int:
    print(f"story: {message}", file=sys.stderr)  # noqa: T201 - this is a command
    return code


if __name__ == "__main__":
    sys.exit(main())
