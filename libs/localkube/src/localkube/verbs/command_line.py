"""The command line: kubectl's verbs and arguments, and `up` and `down`."""

import argparse
import datetime as dt
import importlib
import re
import sys
from collections.abc import Sequence
from typing import NoReturn, TypeAlias

from localkube.control.client import Client
from localkube.control.state_directory import state_of
from localkube.errors import LocalkubeError, UsageError
from localkube.terminal import discard_output, print_error

_ENDLESS = {"-w", "--watch", "--watch-only", "-f", "--follow"}


class _Parser(argparse.ArgumentParser):
    """Reports a usage error as all errors: in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        raise UsageError(f"{message}; see: {self.prog} --help")


_Verbs: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001  # it has no public name


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 1 failed, 2 usage or manifest, 3 already running."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except LocalkubeError as error:
        print_error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        if not _until_interrupted(words):
            print_error("interrupted")
        return 130
    except BrokenPipeError:
        discard_output()
        return 0


def _run(words: list[str]) -> int:
    end = _end_of_options(words)
    options = _parser().parse_args(words[:end])
    options.rest = words[end:]
    # A command imports only its own verb.
    module = importlib.import_module(f"localkube.verbs.{options.module}")
    return int(getattr(module, options.verb)(options, Client(state_of(options.state))))


def _until_interrupted(words: list[str]) -> bool:
    """Say whether Ctrl-C is how a command is meant to end."""
    return "port-forward" in words or not _ENDLESS.isdisjoint(words)


def _end_of_options(words: list[str]) -> int:
    """Return the end of localkube's own options: all words after `curl` are curl's."""
    verb = 2 if words[:1] == ["--state"] else sum(w.startswith("--state=") for w in words[:1])
    return verb + 1 if words[verb : verb + 1] == ["curl"] else len(words)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="./localkube", description=__doc__)
    parser.add_argument("--state", help="state directory (default: one per user and checkout)")
    verbs: _Verbs = parser.add_subparsers(dest="verb", required=True, parser_class=_Parser)
    _add_up(verbs)
    _add_reading(verbs)
    _add_changing(verbs)
    _verb(verbs, "curl", "curl", "run curl, with Service names resolved")
    return parser


def _verb(verbs: _Verbs, name: str, module: str, text: str) -> _Parser:
    parser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument("--state", default=argparse.SUPPRESS)
    parser.set_defaults(module=module)
    return parser


def _object_verb(verbs: _Verbs, name: str, module: str, text: str) -> _Parser:
    parser = _verb(verbs, name, module, text)
    if name == "rollout":
        parser.add_argument("action", choices=["status", "restart"])
    parser.add_argument("what", nargs="*", metavar="KIND NAME | KIND/NAME")
    parser.add_argument("-n", "--namespace", default="default")
    return parser


def _add_up(verbs: _Verbs) -> None:
    up = _verb(verbs, "up", "up", "start the manifests of a directory and wait until available")
    up.add_argument("directory")
    up.add_argument("--config", help="the commands of images (k8s/localkube.yaml)")
    up.add_argument("--addresses", choices=["loopback", "ports"])
    up.add_argument("--watch", action="store_true", help="replace pods whose sources change")
    up.add_argument("--foreground", action="store_true", help="run until Ctrl-C")
    up.set_defaults(at_prompt=False)
    up.add_argument("--timeout", type=_seconds, default=120.0)
    down = _verb(verbs, "down", "up", "end everything")
    down.add_argument("--grace-period", type=float)


def _add_reading(verbs: _Verbs) -> None:
    get = _object_verb(verbs, "get", "get", "show objects")
    get.add_argument("-o", "--output", choices=["wide", "yaml", "json", "name"])
    get.add_argument("-w", "--watch", action="store_true")
    get.add_argument("--watch-only", action="store_true")
    get.add_argument("--output-watch-events", action="store_true")
    get.add_argument("--show-labels", action="store_true")
    get.add_argument("--no-headers", action="store_true")
    for parser in (get, _object_verb(verbs, "describe", "get", "show objects with their events")):
        parser.add_argument("-A", "--all-namespaces", action="store_true")
        parser.add_argument("-l", "--selector", type=_labels, default={})
    logs = _object_verb(verbs, "logs", "logs", "print a container's log")
    logs.add_argument("-f", "--follow", action="store_true")
    logs.add_argument("-l", "--selector", type=_labels, default={})
    logs.add_argument("-c", "--container")
    logs.add_argument("--all-containers", action="store_true")
    logs.add_argument("--all-pods", action="store_true", help="of a Deployment; with --prefix")
    logs.add_argument("-p", "--previous", action="store_true")
    logs.add_argument("--prefix", action="store_true")
    logs.add_argument("--tail", type=int, help="lines; 10 with -l, else all")
    logs.add_argument("--since", type=_seconds, help="by the time that a line states itself")
    logs.add_argument("--since-time", type=_time)
    logs.add_argument("--max-log-requests", type=int, default=5)
    watch = _verb(verbs, "watch", "watch", "print what `up --watch` reloads, as it happens")
    watch.add_argument("--at-prompt", action="store_true", help="while the shell waits")
    rollout = _object_verb(verbs, "rollout", "rollout", "follow or restart a Deployment's rollout")
    rollout.add_argument("--timeout", type=_seconds, default=600.0)


def _add_changing(verbs: _Verbs) -> None:
    scale = _object_verb(verbs, "scale", "patch", "set a Deployment's replicas")
    scale.add_argument("--replicas", type=int, required=True)
    patch = _object_verb(verbs, "patch", "patch", "change an object by a patch")
    patch.add_argument("-p", "--patch", required=True)
    patch.add_argument("--type", choices=["strategic", "merge"], default="strategic")
    _object_verb(verbs, "edit", "edit", "change an object in $KUBE_EDITOR")
    apply = _object_verb(verbs, "apply", "apply", "create or change the objects of files")
    apply.add_argument("-f", "--filename", action="append", required=True)
    delete = _object_verb(verbs, "delete", "delete", "delete objects")
    delete.add_argument("-l", "--selector", type=_labels)
    delete.add_argument("--grace-period", type=int)
    delete.add_argument("--force", action="store_true")
    delete.add_argument("--wait", type=lambda word: word != "false", default=True)


def _labels(text: str) -> dict[str, str]:
    pairs = [pair.split("=") for pair in text.replace("==", "=").split(",")]
    if any(len(pair) != 2 or "!" in pair[0] for pair in pairs):  # noqa: PLR2004  # name and value
        raise argparse.ArgumentTypeError(f"cannot read the selector {text!r}; write app=name")
    return {name: value for name, value in pairs}  # noqa: C416  # pairs of two, as was checked


def _time(text: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = dt.datetime.now()  # noqa: DTZ005  # refused below
    if found.tzinfo is None:
        wanted = "write a time as RFC 3339 has it: 2026-01-31T12:00:00Z"
        raise argparse.ArgumentTypeError(f"cannot read {text!r}; {wanted}")
    return found


def _seconds(text: str) -> float:
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text if text[-1:] in "smh" else f"{text}s")
    if "".join(number + unit for number, unit in parts) not in {text, f"{text}s"} or not parts:
        raise argparse.ArgumentTypeError(f'invalid duration "{text}"; write 30s, 5m or 1h30m')
    return sum(float(number) * units[unit] for number, unit in parts)
