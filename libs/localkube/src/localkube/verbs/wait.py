"""`wait`: until objects exist, are gone, or have a condition or a value."""

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

from localkube.api.kinds import Kind, kubectl_name
from localkube.api.objects import Ref
from localkube.control.client import Client
from localkube.control.watch import Watch
from localkube.errors import LocalkubeError, UsageError
from localkube.terminal import print_error, print_result
from localkube.verbs.jsonpath import find, parse, text_of
from localkube.verbs.resource_arguments import parse_resources

_WEEK_S = 168 * 3600.0
_FORMAT = "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3"

Holds = Callable[[Any], bool]
"""Says whether an object, None where it does not exist, is as it should be."""


def wait(options: argparse.Namespace, client: Client) -> int:
    """Wait for each object, within one time limit; return 1 where one is not as it should be."""
    holds = _condition(options.condition)
    seconds = _WEEK_S if options.timeout < 0 else options.timeout
    deadline = time.monotonic() + seconds
    code = 0
    targets = list(_targets(options, client))
    if not targets and options.condition.lower() != "delete":
        raise LocalkubeError("no matching resources found")
    for kind, namespace, name in targets:
        if options.condition.lower() not in {"create", "delete"}:
            client.get(kind.name, namespace, name)  # raises where it does not exist
        with client.watch([kind.name], namespace, names=[name]) as changes:
            if _met(changes, holds, deadline):
                print_result(f"{kubectl_name(Ref(kind.name, namespace, name))} condition met")
            else:
                expired = (
                    "timed out waiting for the condition on" if seconds else "condition not met for"
                )
                print_error(f"{expired} {kind.plural}/{name}")
                code = 1
    return code


def _met(changes: Watch, holds: Holds, deadline: float) -> bool:
    if holds(next(iter(changes.existing()), None)):
        return True
    try:
        for change in changes.until(deadline):
            if holds(None if change["type"] == "DELETED" else change["object"]):
                return True
    except TimeoutError:
        return False
    raise AssertionError


def _targets(options: argparse.Namespace, client: Client) -> Iterator[tuple[Kind, str, str]]:
    for kind, names in parse_resources(options.what):
        if not names and not options.selector and not options.all:
            raise UsageError("resource(s) were provided, but no name was specified")
        for name in names:
            yield kind, options.namespace, name
        if not names:
            namespace = None if options.all_namespaces else options.namespace
            for found in client.list(kind.name, namespace, selector=options.selector):
                yield kind, found["metadata"].get("namespace", ""), found["metadata"]["name"]


def _condition(text: str) -> Holds:
    """Read `--for`; raise `UsageError`."""
    if text.lower() in {"create", "delete"}:
        return lambda found: (found is not None) == (text.lower() == "create")
    what, _, rest = text.partition("=")
    if what == "condition" and rest:
        name, _, status = rest.partition("=")
        return lambda found: _has_condition(found, name.lower(), (status or "true").lower())
    if what == "jsonpath" and rest:
        return _jsonpath(rest)
    known = "create, delete, condition=NAME[=VALUE] or jsonpath='{PATH}'[=VALUE]"
    raise UsageError(f'unrecognized condition: "{text}"; use {known}')


def _has_condition(found: Any, name: str, status: str) -> bool:
    if found is None:
        return False
    state = found.get("status", {})
    if (
        state.get("observedGeneration", found["metadata"]["generation"])
        < found["metadata"]["generation"]
    ):
        return False
    conditions = {one["type"].lower(): one["status"].lower() for one in state.get("conditions", [])}
    return conditions.get(name) == status


def _jsonpath(text: str) -> Holds:
    # A filter has `==` of its own.
    parts = [part.replace("\0", "==") for part in text.replace("==", "\0").split("=")]
    if len(parts) > 2:  # noqa: PLR2004  # an expression and a value
        raise UsageError(_FORMAT)
    wanted = parts[1].strip("'\"") if parts[1:] else None
    if wanted == "":
        raise UsageError(f"jsonpath wait has to have a value after equal sign; {_FORMAT}")
    parse(parts[0])

    def holds(found: Any) -> bool:
        values = find(parts[0], found) if found is not None else []
        if len(values) > 1:
            raise LocalkubeError("given jsonpath expression matches more than one value")
        return bool(values) and (wanted is None or text_of(values[0]) == wanted.strip())

    return holds
