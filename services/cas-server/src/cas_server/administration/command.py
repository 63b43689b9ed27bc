"""`cas-server holders`, `sessions`, `families` and the like: for an operator, in the pod.

They call the API of their own pod with a token that the mounted record keys seal, so they need no
further secret, and what they change is in the pod's log (docs/design/administration.md).
"""

import argparse
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import structlog

from cas_server.administration.own_pod import OwnPod, RefusedError
from cas_server.administration.tables import print_lines, print_table
from chassis.config import ConfigError

Rows = Sequence[Mapping[str, Any]]

COMMANDS = {
    "holders": "show who holds how many access tokens and families, since when",
    "sessions": "show the live sessions of browsers, or end them",
    "consents": "show what users allowed to clients, or withdraw it",
    "families": "show the live families of refresh tokens, or end them",
    "tokens": "show the live access tokens, or end them",
    "keys": "show which signing keys are published and which sign, or have the next ones sign now",
    "end": "end all that a client or user holds: sessions, consents, families, access tokens",
}
_ENDING = ("sessions", "consents", "families", "tokens")
"""What `end` ends, in this order: no session gets another token."""
_NAMED = {"sessions": "HANDLE", "families": "NAME", "tokens": "HANDLE"}
_WHOSE = {
    "end": "say whose: --client, --user, or both; nothing ends for everybody",
    "sessions": "say whose: --user NAME",
    "tokens": "say whose: --client ID with a handle; else --client, --user, or both",
}
_LIMITED = frozenset(("holders", "families", "tokens"))
_SETTING = re.compile(r"--(profiles|[a-z-]+\.[^=]*)=")
_USAGE, _FAILED, _OK = 2, 1, 0
_ROTATE = """\
to rotate: make secrets ROTATE=keys mounts the next keys, which sign ten minutes later, or at once
by cas-server keys --rotate; by hand: cas-server new-signing-key ES256, as the file
signing-keys.20261231T235900Z-es256 (the time, in UTC, from which on it signs) of the Secret\
"""


def run(arguments: Sequence[str]) -> int:
    """Run a command; return 0, 1 for a refusal, 2 for wrong usage or a bad configuration."""
    command, *rest = arguments
    try:
        options, flags = _parsed(_parser(command), rest)
    except SystemExit as ended:
        return int(ended.code or _OK)
    # What the configuration logs is for the log of a service.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        return _run(command, options, OwnPod.of(flags, os.environ))
    except ConfigError as error:
        return _failed(str(error), _USAGE)
    except RefusedError as error:
        return _failed(str(error), _FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED


def _parsed(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[argparse.Namespace, Sequence[str]]:
    """Return the options, and settings such as `--server.port=2000`; refuse all else.

    An option that is ignored would let more end than was meant.
    """
    options, others = parser.parse_known_args(arguments)
    if unknown := [one for one in others if not _SETTING.match(one)]:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options, others


def _run(command: str, options: argparse.Namespace, pod: OwnPod) -> int:
    selected = {"client_id": options.client, "username": options.user}
    query = {name: value for name, value in selected.items() if value}
    if options.name and not options.end:
        raise RefusedError(f"add --end to end {options.name}, or leave it out to list")
    if (command == "end" or options.end) and not _names_somebody(command, options):
        raise RefusedError(_WHOSE.get(command, _WHOSE["end"]))
    as_lines = options.json or not sys.stdout.isatty()
    show = print_lines if as_lines else print_table
    if command == "end":
        kinds = [kind for kind in _ENDING if kind != "sessions" or not options.client]
        show([{"kind": kind, "ended": _end(kind, "", query, pod)} for kind in kinds])
    elif options.end:
        show([{"ended": _end(command, options.name, query, pod)}])
    elif options.rotate:
        show(pod.send("POST", "keys/rotate", query)["keys"])
    else:
        for rows in _pages(pod, command, query):
            show(rows)
    if command == "keys" and not options.rotate and not as_lines:
        print(_ROTATE)  # noqa: T201 - the next step
    return _OK


def _names_somebody(command: str, options: argparse.Namespace) -> bool:
    """Return whether it is said whose things end; a family's name says that too."""
    if command == "sessions":
        return bool(options.user)
    if options.name:
        return command == "families" or bool(options.client)
    return bool(options.client or options.user)


def _pages(
    pod: OwnPod, command: str, query: Mapping[str, str]
) -> Iterator[Sequence[dict[str, Any]]]:
    """Yield the rows of a listing, page by page."""
    page = {**query, "limit": "1000"} if command in _LIMITED else dict(query)
    while True:
        body = pod.send("GET", command, page)
        yield body[command]
        if "next" not in body:
            return
        page["cursor"] = body["next"]


def _end(kind: str, name: str, query: Mapping[str, str], pod: OwnPod) -> int:
    """End one, or all that is selected, page by page; return the number."""
    path, page, number = (f"{kind}/{quote(name, safe='')}" if name else kind), dict(query), 0
    while True:
        try:
            body = pod.send("DELETE", path, page)
        except RefusedError as error:
            so_far = f" ({number} ended; run it again)" if number else ""
            raise RefusedError(f"{error}{so_far}") from None
        number += int(body["ended"])
        if "next" not in body:
            return number
        page["cursor"] = body["next"]


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"cas-server {command}",
        description=f"In a pod of cas-server: {COMMANDS[command]}.",
        allow_abbrev=False,
    )
    parser.set_defaults(client="", user="", end=False, name="", rotate=False)
    if command not in ("keys", "sessions"):
        parser.add_argument("--client", metavar="ID", help="of this client alone")
    if command == "keys":
        parser.add_argument("--rotate", action="store_true", help="have the next keys sign now")
    else:
        parser.add_argument("--user", metavar="NAME", help="of this user alone")
    if command in _ENDING:
        parser.add_argument("--end", action="store_true", help="end what is selected")
    if what := _NAMED.get(command):
        parser.add_argument("name", metavar=what, nargs="?", help="with --end: this one alone")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, as in a pipe")
    return parser


def _failed(reason: str, code: int) -> int:
    print(f"cas-server: {reason}", file=sys.stderr)  # noqa: T201 - this is a command
    return code
