"""`python -m suitectl COMMAND`: loads the module of one command, and runs it."""

import argparse
import asyncio
import importlib
import keyword
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from types import ModuleType
from typing import NoReturn

from localkube.progress import step
from suitectl.errors import CommandFailedError, CommandInterrupted

COMMANDS: Mapping[str, str] = {
    "up": "start the suite and leave it running",
    "try": "print the commands of the story",
    "greet": "edit what a service says, and show its response before and after",
    "break": "show that a broken edit changes nothing",
    "kill": "kill a pod under a small load, and count what fails",
    "edit": "open a ConfigMap in the editor, and watch it take effect",
    "debug": "run one replica of a service under a debugger",
    "demo": "play the story on a separate suite and check each step",
    "token": "print an access token",
    "login": "log in by the authorization code flow, as a browser does",
    "call": "call a service with a token",
    "logs": "print the logs of all pods in one stream",
    "traffic": "measure each version's share of the traffic",
    "canary": "share the traffic between v1 and v2 by replicas",
    "blue-green": "switch all traffic to one version",
    "rollback": "undo the last release command, a rollback included",
    "refresh": "sync edited configuration into the pods at once",
    "secrets": "generate what production needs, under .secrets/",
    "rotate": "renew a secret in the cluster without failed calls",
    "dev-secrets": "create the generated Secrets of k8s/base",
    "new-service": "make a service from the template",
    "remove-service": "remove a service and every line about it",
    "images": "build the services' images and load them into the cluster",
    "deploy": "build images and deploy an overlay",
    "undeploy": "delete the suite's namespaces",
}
"""The modules of `suitectl.commands` by command, with their help."""

FOLLOWING = {"debug", "edit", "logs"}
"""Those that follow a stream or leave the terminal to an editor: nothing is shown beside it."""


_PROGRAM = ".venv/bin/python -m suitectl"


class _Parser(argparse.ArgumentParser):
    """Refuses options in one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where the options are listed."""
        self.exit(_fail(self.prog.rpartition(" ")[2], f"{message}; see {self.prog} --help", 2))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code, that of its error where it failed."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    command = next((word for word in words if word in COMMANDS), None)
    module = None if command is None else _module(command)
    options, unknown = _parser(command, module).parse_known_args(words)
    assert module is not None  # noqa: S101 - the parser refuses a line without a command
    if unknown:
        return _fail(options.command, f"{unknown[0]}: no such option; see {_PROGRAM} --help", 2)
    try:
        # No silence: a step of the command itself, or else its name, is shown while it runs.
        shown = step(options.command, quiet=True) if command not in FOLLOWING else nullcontext()
        with shown:
            return asyncio.run(_interruptible(module, options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _fail(options.command, "interrupted", CommandInterrupted.exit_code)
    except CommandFailedError as error:
        return _fail(options.command, str(error), error.exit_code)
    except TimeoutError as error:
        return _fail(options.command, str(error), CommandFailedError.exit_code)


async def _interruptible(module: ModuleType, options: argparse.Namespace) -> int:
    """Treat SIGTERM as Ctrl-C, so that a command that is stopped cleans up as well."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return int(await module.run(options))


def _module(command: str) -> ModuleType:
    name = command.replace("-", "_") + "_" * keyword.iskeyword(command)
    return importlib.import_module(f"suitectl.commands.{name}")


def _parser(command: str | None, module: ModuleType | None) -> argparse.ArgumentParser:
    """Return a parser that knows all commands, and the options of one."""
    parser = _Parser(prog=_PROGRAM, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        known = commands.add_parser(name, help=text)
        if name == command and module is not None and hasattr(module, "add_arguments"):
            module.add_arguments(known)
    return parser


def _fail(command: str, message: str, code: int) -> int:
    # A value that was typed may have line ends of its own.
    sys.stderr.write(f"{command}: {' '.join(message.splitlines())}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
