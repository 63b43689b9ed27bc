"""The command line: kubectl's verbs and arguments, and `up` and `down`."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from localkube.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.state import state_of
from localkube.terminal import fail

_HOMES = {
    "get": "get",
    "describe": "get",
    "scale": "change",
    "patch": "change",
    "edit": "change",
    "apply": "change",
    "delete": "change",
    "logs": "show_logs",
    "rollout": "rollout",
}
"""The module of each verb, imported when it is used."""
_PATCHES = ("strategic", "merge", "json")


class _Parser(argparse.ArgumentParser):
    """Reports a usage error as every other error: in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        raise UsageError(f"{message}; see: {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 1 failed, 2 usage or manifest, 3 already running."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except LocalkubeError as error:
        fail(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        fail("interrupted")
        return 130
    except BrokenPipeError:
        return 0


def _run(words: list[str]) -> int:
    if "curl" in words[:3]:
        return _curl(words)
    options = _parser().parse_args(words)
    state = state_of(options.state)
    if options.verb in {"up", "down"}:
        start = importlib.import_module("localkube.up")
        return int(getattr(start, options.verb)(options, state))
    verb = getattr(importlib.import_module(f"localkube.{_HOMES[options.verb]}"), options.verb)
    return int(verb(options, Client(state)))


def _curl(words: list[str]) -> int:
    from localkube.curl import curl  # noqa: PLC0415  # only this verb needs it

    # All else is curl's own, so that only --state is read, and only in front.
    parser = _Parser(prog="localkube curl", add_help=False)
    parser.add_argument("--state")
    rest = [word for index, word in enumerate(words) if index != words.index("curl")]
    own = 0 if not rest or not rest[0].startswith("--state") else 1 + ("=" not in rest[0])
    options = parser.parse_args(rest[:own])
    return curl(rest[own:], Client(state_of(options.state)))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="localkube", description=__doc__)
    parser.add_argument("--state", help="state directory (default: one per user and checkout)")
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=_Parser)
    _add_up(verbs)
    _add_reading(verbs)
    _add_changing(verbs)
    _add_rollout(verbs)
    verbs.add_parser("curl", help="curl, with Service names resolved")
    return parser


def _verb(verbs: "argparse._SubParsersAction[_Parser]", name: str, text: str) -> _Parser:
    parser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument("--state", default=argparse.SUPPRESS)
    return parser


def _object_verb(verbs: "argparse._SubParsersAction[_Parser]", name: str, text: str) -> _Parser:
    parser = _verb(verbs, name, text)
    parser.add_argument("what", nargs="*", metavar="KIND NAME | KIND/NAME")
    parser.add_argument("-n", "--namespace", default="default")
    return parser


def _add_up(verbs: "argparse._SubParsersAction[_Parser]") -> None:
    up = _verb(verbs, "up", "start the manifests of a directory, wait until all is available")
    up.add_argument("directory")
    up.add_argument("--config", help="which command stands for an image (k8s/localkube.yaml)")
    up.add_argument("--addresses", choices=["loopback", "ports"])
    up.add_argument("--foreground", action="store_true", help="run until Ctrl-C")
    up.add_argument("--timeout", type=_seconds, default=120.0)
    down = _verb(verbs, "down", "end everything")
    down.add_argument("--grace-period", type=float)


def _add_reading(verbs: "argparse._SubParsersAction[_Parser]") -> None:
    for name, text in (("get", "show objects"), ("describe", "show objects with their events")):
        parser = _object_verb(verbs, name, text)
        parser.add_argument("-A", "--all-namespaces", action="store_true")
        parser.add_argument("-l", "--selector")
        parser.add_argument("-o", "--output", choices=["wide", "yaml", "json", "name"])
        parser.add_argument("--no-headers", action="store_true")
    logs = _object_verb(verbs, "logs", "print what containers wrote")
    logs.add_argument("-f", "--follow", action="store_true")
    logs.add_argument("-c", "--container")
    logs.add_argument("-l", "--selector")
    logs.add_argument("-p", "--previous", action="store_true")
    logs.add_argument("--tail", type=int, default=-1)
    logs.add_argument("--all-pods", action="store_true")


def _add_changing(verbs: "argparse._SubParsersAction[_Parser]") -> None:
    scale = _object_verb(verbs, "scale", "set a Deployment's replicas")
    scale.add_argument("--replicas", type=int, required=True)
    patch = _object_verb(verbs, "patch", "change an object by a patch")
    patch.add_argument("-p", "--patch", required=True)
    patch.add_argument("--type", choices=_PATCHES, default="strategic")
    _object_verb(verbs, "edit", "change an object in $KUBE_EDITOR")
    apply = _object_verb(verbs, "apply", "create or change the objects of files")
    apply.add_argument("-f", "--filename", action="append", required=True)
    delete = _object_verb(verbs, "delete", "delete objects")
    delete.add_argument("-f", "--filename", action="append")
    delete.add_argument("-l", "--selector")
    delete.add_argument("--all", action="store_true")
    delete.add_argument("--grace-period", type=int)
    delete.add_argument("--force", action="store_true")
    delete.add_argument("--now", dest="grace_period", action="store_const", const=1)
    delete.add_argument("--wait", type=lambda word: word != "false", default=True)


def _add_rollout(verbs: "argparse._SubParsersAction[_Parser]") -> None:
    rollout = _verb(verbs, "rollout", "follow and steer a Deployment's rollouts")
    rollout.add_argument("action", choices=["status", "restart", "undo", "history"])
    rollout.add_argument("what", nargs="*", metavar="deployment/NAME")
    rollout.add_argument("-n", "--namespace", default="default")
    rollout.add_argument("--timeout", type=_seconds, default=600.0)
    rollout.add_argument("--to-revision", type=int)


def _seconds(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    return float(number) * units[unit]
