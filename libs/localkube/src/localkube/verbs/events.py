"""`events`: list the events of a namespace or of one object, and watch for more."""

import argparse
from typing import Any

from localkube.api.kinds import kind_named, kubectl_name
from localkube.api.objects import ref_of
from localkube.control.client import Client
from localkube.errors import UsageError
from localkube.terminal import print_progress, print_result
from localkube.verbs.columns import Cells, Columns
from localkube.verbs.output import formatted
from localkube.verbs.tables import age


def events(options: argparse.Namespace, client: Client) -> int:
    """Print events by time, the latest last."""
    if unknown := [one for one in options.types if one.lower() not in {"normal", "warning"}]:
        raise UsageError(f"valid --types are Normal or Warning, not {unknown[0]}")
    about = _about(options.about)
    namespace = None if options.all_namespaces else options.namespace
    columns = Columns(headers=not options.no_headers)
    with client.watch(["Event"], namespace) as changes:
        found = sorted(changes.existing(), key=_order)
        found = [event for event in found if _wanted(options, about, event)]
        if found:
            _show(options, columns, found)
        elif not options.watch:
            place = "" if options.all_namespaces else f" in {options.namespace} namespace"
            print_progress(f"No events found{place}.")
        while options.watch:
            for change in changes:
                event = change["object"]
                if change["type"] != "DELETED" and _wanted(options, about, event):
                    _show(options, columns, [event])
    return 0


def _about(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    kind, _, name = text.partition("/")
    if not name or "/" in name:
        raise UsageError("--for must be in resource/name form")
    return kind_named(kind).name, name


def _wanted(options: argparse.Namespace, about: tuple[str, str] | None, event: Any) -> bool:
    involved = event["involvedObject"]
    types = {one.lower() for one in options.types}
    return about in {None, (involved["kind"], involved["name"])} and (
        not types or event["type"].lower() in types
    )


def _show(options: argparse.Namespace, columns: Columns, found: list[Any]) -> None:
    if options.output == "name":
        print_result("\n".join(kubectl_name(ref_of(event)) for event in found))
    elif options.output and options.watch:
        for event in found:
            print_result(formatted(event, options.output))
    elif options.output:
        listed = {"apiVersion": "v1", "kind": "EventList", "metadata": {}, "items": found}
        print_result(formatted(listed, options.output))
    else:
        everywhere = options.all_namespaces
        rows = [_row(event, everywhere=everywhere) for event in found]
        print_result("\n".join(columns.lines(rows)))


def _row(event: Any, *, everywhere: bool) -> Cells:
    involved = event["involvedObject"]
    place = {"NAMESPACE": event["metadata"]["namespace"]} if everywhere else {}
    return place | {
        "LAST SEEN": _seen(event),
        "TYPE": event["type"],
        "REASON": event["reason"],
        "OBJECT": f"{involved['kind']}/{involved['name']}",
        "MESSAGE": " ".join(event["message"].split("\n")).strip(),
    }


def _seen(event: Any) -> str:
    first, last = age(event["firstTimestamp"]), age(event["lastTimestamp"])
    return f"{last} (x{event['count']} over {first})" if event["count"] > 1 else first


def _order(event: Any) -> tuple[str, int]:
    return event["lastTimestamp"], int(event["metadata"]["resourceVersion"])
