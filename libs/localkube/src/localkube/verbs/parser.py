"""The parsers of the command line: kubectl's verbs and arguments, and `up`, `down` and `curl`."""

import argparse
import difflib
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeAlias

from localkube.errors import UsageError
from localkube.verbs.argument_types import labels, seconds, time, truth, words

_SWITCH = "store_true"
_OUTPUTS = ["wide", "yaml", "json", "name"]


class Parser(argparse.ArgumentParser):
    """Reports a usage error as all errors: in one line, with the nearest that would be right."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        raise UsageError(f"{message}; see: {self.prog} --help")

    def flags(self) -> list[str]:
        """Return the options, the long name of those that have two."""
        named = [action.option_strings[-1] for action in self._actions if action.option_strings]
        return [name for name in named if name not in {"--help", "--state"}]

    def unknown_flag(self, word: str) -> UsageError:
        """Return the error for an option that does not exist."""
        name, known = word.partition("=")[0], self.flags()
        verb = self.prog.rpartition(" ")[2]
        return UsageError(
            f"unknown flag: {name}{nearest(name, known)}; {verb} takes {_list(known)}"
        )

    def is_switch(self, name: str) -> bool:
        """Say whether an option takes no value."""
        found = [action for action in self._actions if name in action.option_strings]
        return bool(found) and found[0].nargs == 0

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = list(action.choices)
        if isinstance(action.choices, Mapping):
            raise UsageError(
                f'unknown command "{value}"{nearest(str(value), known)}; there are {_list(known)}'
            )
        name = "/".join(action.option_strings) or self.prog.rpartition(" ")[2]
        raise UsageError(f"{name} {value}: unknown{nearest(str(value), known)}; use {_list(known)}")


Verbs: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001  # it has no public name


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the words that name what is most like another."""
    found = difflib.get_close_matches(word, list(known), 1, 0)
    return f", the nearest is {found[0]}" if found else ""


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def parser_and_verbs() -> tuple[Parser, Verbs]:
    """Return the parser of a whole command line, and those of the verbs in it."""
    parser = Parser(prog="./localkube", description=__doc__)
    parser.add_argument("--state", help="state directory (default: one per user and checkout)")
    parser.add_argument("-n", "--namespace", default="default")
    verbs: Verbs = parser.add_subparsers(dest="verb", required=True, parser_class=Parser)
    _add_up(verbs)
    _add_get(verbs)
    _add_logs(verbs)
    _add_reading(verbs)
    _add_changing(verbs)
    _add_set(verbs)
    _verb(verbs, "curl", "curl", "run curl, with Service names resolved")
    return parser, verbs


def _verb(verbs: Verbs, name: str, module: str, text: str) -> Parser:
    parser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument("--state", default=argparse.SUPPRESS)
    parser.set_defaults(module=module, function=name.replace("-", "_"))
    return parser


def _object_verb(
    verbs: Verbs, name: str, module: str, text: str, actions: list[str] | None = None
) -> Parser:
    parser = _verb(verbs, name, module, text)
    if actions:
        parser.add_argument("action", choices=actions)
    parser.add_argument("what", nargs="*", metavar="KIND NAME | KIND/NAME")
    parser.add_argument("-n", "--namespace", default=argparse.SUPPRESS)
    return parser


def _add_places(parser: Parser) -> None:
    parser.add_argument("-A", "--all-namespaces", action=_SWITCH)
    parser.add_argument("-l", "--selector", type=labels, default={})


def _add_up(verbs: Verbs) -> None:
    up = _verb(verbs, "up", "up", "start the manifests of a directory and wait until available")
    up.add_argument("directory")
    up.add_argument("--config", help="the commands of images (k8s/localkube.yaml)")
    up.add_argument("--addresses", choices=["loopback", "ports"])
    up.add_argument("--watch", action=_SWITCH, help="replace pods whose sources change")
    up.add_argument("--foreground", action=_SWITCH, help="run until Ctrl-C")
    up.set_defaults(at_prompt=False)
    up.add_argument("--timeout", type=seconds, default=120.0)
    down = _verb(verbs, "down", "up", "end everything")
    down.add_argument("--grace-period", type=float)
    watch = _verb(verbs, "watch", "watch", "print what `up --watch` reloads, as it happens")
    watch.add_argument("--at-prompt", action=_SWITCH, help="while the shell waits")


def _add_get(verbs: Verbs) -> None:
    get = _object_verb(verbs, "get", "get", "show objects")
    get.add_argument("-o", "--output", choices=_OUTPUTS)
    get.add_argument("-w", "--watch", action=_SWITCH, help="then show each change")
    get.add_argument("--watch-only", action=_SWITCH, help="show changes only")
    get.add_argument("--output-watch-events", action=_SWITCH, help="ADDED, MODIFIED or DELETED")
    get.add_argument("--show-labels", action=_SWITCH)
    get.add_argument("--no-headers", action=_SWITCH)
    _add_places(get)
    _add_places(_object_verb(verbs, "describe", "get", "show objects with their events"))


def _add_logs(verbs: Verbs) -> None:
    logs = _object_verb(verbs, "logs", "logs", "print the logs of containers")
    logs.add_argument("-f", "--follow", action=_SWITCH)
    logs.add_argument("-l", "--selector", type=labels, default={})
    logs.add_argument("-c", "--container")
    logs.add_argument("--all-containers", action=_SWITCH)
    logs.add_argument("--all-pods", action=_SWITCH, help="of a Deployment; with --prefix")
    logs.add_argument("-p", "--previous", action=_SWITCH)
    logs.add_argument("--prefix", action=_SWITCH)
    logs.add_argument("--tail", type=int, help="lines; 10 with -l, else all")
    logs.add_argument("--since", type=seconds, help="by the time that a line states itself")
    logs.add_argument("--since-time", type=time)
    logs.add_argument("--max-log-requests", type=int, default=5)


def _add_reading(verbs: Verbs) -> None:
    events = _object_verb(verbs, "events", "events", "list events, the latest last")
    events.add_argument("-A", "--all-namespaces", action=_SWITCH)
    events.add_argument("--for", dest="about", metavar="KIND/NAME")
    events.add_argument("--types", type=words, default=[], help="Normal, Warning")
    events.add_argument("-w", "--watch", action=_SWITCH)
    events.add_argument("--no-headers", action=_SWITCH)
    events.add_argument("-o", "--output", choices=_OUTPUTS[1:])
    top = _object_verb(verbs, "top", "top", "top pods: the CPU and memory that pods use")
    _add_places(top)
    top.add_argument("--containers", action=_SWITCH)
    top.add_argument("--sort-by", help="cpu or memory")
    top.add_argument("--sum", action=_SWITCH)
    top.add_argument("--no-headers", action=_SWITCH)
    wait = _object_verb(verbs, "wait", "wait", "wait until objects have a condition or are gone")
    wait.add_argument("--for", dest="condition", required=True)
    wait.add_argument("--timeout", type=seconds, default=30.0, help="0 looks once")
    wait.add_argument("--all", action=_SWITCH)
    _add_places(wait)
    rollout = _object_verb(
        *(verbs, "rollout", "rollout", "follow or restart a Deployment's rollout"),
        actions=["status", "restart"],
    )
    rollout.add_argument("--timeout", type=seconds, default=600.0)
    command = _object_verb(verbs, "exec", "exec_command", "run a command in a pod: exec POD -- ls")
    command.set_defaults(function="exec_command")
    command.add_argument("-i", "--stdin", action=_SWITCH, help="pass standard input on")
    command.add_argument("-t", "--tty", action=_SWITCH, help="a terminal is passed on anyway")
    command.add_argument("-c", "--container")
    command.add_argument("--pod-running-timeout", type=seconds, default=60.0)
    forward = _object_verb(verbs, "port-forward", "port_forward", "forward local ports to a pod")
    forward.add_argument("--address", default="localhost", help="with commas between several")
    forward.add_argument("--pod-running-timeout", type=seconds, default=60.0)


def _add_changing(verbs: Verbs) -> None:
    scale = _object_verb(verbs, "scale", "patch", "set a Deployment's replicas")
    scale.add_argument("--replicas", type=int, required=True)
    patch = _object_verb(verbs, "patch", "patch", "change an object by a patch")
    patch.add_argument("-p", "--patch", required=True)
    patch.add_argument("--type", choices=["strategic", "merge"], default="strategic")
    _object_verb(verbs, "edit", "edit", "change an object in $KUBE_EDITOR")
    apply = _object_verb(verbs, "apply", "apply", "create or change the objects of files")
    apply.add_argument("-f", "--filename", action="append", required=True)
    delete = _object_verb(verbs, "delete", "delete", "delete objects")
    delete.add_argument("-l", "--selector", type=labels)
    delete.add_argument("--grace-period", type=int)
    delete.add_argument("--force", action=_SWITCH)
    delete.add_argument("--wait", type=truth, default=True)


def _add_set(verbs: Verbs) -> None:
    change = _object_verb(
        *(verbs, "set", "set_template", "set env, set image: change a Deployment's containers"),
        actions=["env", "image"],
    )
    change.set_defaults(function="set_template")
    change.add_argument("-l", "--selector", type=labels, default={})
    change.add_argument("--all", action=_SWITCH)
    change.add_argument("-c", "--containers", dest="container", default="*", help="a wildcard")
    change.add_argument("-e", "--env", action="append", default=[], metavar="KEY=VALUE")
    change.add_argument("--list", action=_SWITCH, help="show the variables")
    change.add_argument("--overwrite", type=truth, default=True)
