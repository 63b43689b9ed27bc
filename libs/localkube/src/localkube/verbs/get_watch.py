"""`get --watch`: print objects, and a row for each of their changes."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from localkube.api.kinds import Kind, kubectl_name
from localkube.api.objects import ref_of
from localkube.control.client import Client
from localkube.errors import UsageError
from localkube.terminal import print_result
from localkube.verbs.columns import Columns
from localkube.verbs.output import formatted, row

Wanted = Sequence[tuple[Kind, tuple[str, ...]]]


def watch(options: argparse.Namespace, client: Client, wanted: Wanted) -> int:
    """Print what exists, except with `--watch-only`, and then every change until Ctrl-C."""
    kind, names = _single(options, wanted)
    namespace = None if options.all_namespaces else options.namespace
    for name in names:
        client.get(kind.name, options.namespace, name)  # raises where it does not exist
    show = _printer(options, kind)
    with client.watch([kind.name], namespace, names=names, selector=options.selector) as changes:
        existing = [{"type": "ADDED", "object": found} for found in changes.existing()]
        if existing and not options.watch_only:
            show(existing)
        for change in changes:
            show([change])
    return 0


def _single(options: argparse.Namespace, wanted: Wanted) -> tuple[Kind, tuple[str, ...]]:
    if len({kind for kind, _ in wanted}) > 1:
        raise UsageError("you may only specify a single resource type")
    names = tuple(name for _, names in wanted for name in names)
    if len(names) > 1:
        only = "watch is only supported on individual resources and resource collections"
        raise UsageError(f"{only} - {len(names)} resources were found")
    if names and options.all_namespaces:
        raise UsageError("a resource cannot be retrieved by name across all namespaces")
    return wanted[0][0], names


def _printer(options: argparse.Namespace, kind: Kind) -> Callable[[Sequence[Any]], None]:
    """Return what prints changes in the format of the options."""
    if options.output not in {"json", "yaml", "name"}:
        columns = Columns(headers=not options.no_headers)
        return lambda changes: print_result(
            "\n".join(columns.lines([_row(options, kind, change) for change in changes]))
        )
    separator = ["---"] if options.output == "yaml" else []
    first = True

    def show(changes: Sequence[Any]) -> None:
        nonlocal first
        for change in changes:
            text = _text(options, change)
            print_result("\n".join([text] if first else [*separator, text]))
            first = False

    return show


def _row(options: argparse.Namespace, kind: Kind, change: Any) -> dict[str, str]:
    event = {"EVENT": change["type"]} if options.output_watch_events else {}
    return event | row(options, kind, change["object"])


def _text(options: argparse.Namespace, change: Any) -> str:
    if options.output == "name":
        return kubectl_name(ref_of(change["object"]))
    return formatted(change if options.output_watch_events else change["object"], options.output)
