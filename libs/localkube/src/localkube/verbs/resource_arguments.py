"""Read which objects a command names, as kubectl: `pods`, `pod NAME`, `pod/NAME`, `pods,svc`."""

import argparse
from collections.abc import Sequence

from localkube.api.kinds import Kind, kind_named
from localkube.errors import UsageError


def parse_resources(words: Sequence[str]) -> list[tuple[Kind, tuple[str, ...]]]:
    """Read kinds with names, no names for all objects; raise `UsageError`."""
    if not words:
        raise UsageError("name what: pods, deployment NAME, or deployment/NAME")
    if any("/" in word for word in words):
        return [_path(word) for word in words]
    return [(kind_named(kind), tuple(words[1:])) for kind in words[0].split(",")]


def parse_resource(words: Sequence[str]) -> tuple[Kind, str]:
    """Read exactly one object's name; raise `UsageError`."""
    found = parse_resources(words)
    if len(found) != 1 or len(found[0][1]) != 1:
        raise UsageError(f"name one object as deployment/NAME, not {' '.join(words)!r}")
    return found[0][0], found[0][1][0]


def parse_reference(options: argparse.Namespace) -> dict[str, str]:
    """Return the kind, namespace and name of the one object of a command."""
    kind, name = parse_resource(options.what)
    return {"kind": kind.name, "namespace": options.namespace, "name": name}


def _path(word: str) -> tuple[Kind, tuple[str, ...]]:
    kind, _, name = word.partition("/")
    if not name:
        raise UsageError(f"cannot read {word!r}; write deployment/NAME")
    return kind_named(kind), (name,)
