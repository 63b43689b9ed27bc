"""`get` and `describe`: show objects as tables, YAML, JSON or names."""

import argparse
from collections.abc import Sequence
from typing import Any

from localkube.api.kinds import Kind, kind_named, kubectl_name
from localkube.api.objects import ref_of
from localkube.control.client import Client
from localkube.errors import UsageError
from localkube.terminal import print_progress, print_result
from localkube.verbs.columns import Columns
from localkube.verbs.output import formatted, row
from localkube.verbs.resource_arguments import parse_resources
from localkube.verbs.tables import table

_QUIET = ("resourceVersion", "uid", "generation", "ownerReferences", "annotations")


def get(options: argparse.Namespace, client: Client) -> int:
    """Print objects; as kubectl, exit 0 with a message on standard error where there are none."""
    wanted = parse_resources(options.what)
    if options.watch or options.watch_only:
        from localkube.verbs.get_watch import watch  # noqa: PLC0415  # rarely needed

        return watch(options, client, wanted)
    if options.output_watch_events:
        reason = "--output-watch-events option can only be used with --watch or --watch-only"
        raise UsageError(reason)
    chosen = [_objects(options, client, kind, names) for kind, names in wanted]
    everything = [document for documents in chosen for document in documents]
    if options.output in {"json", "yaml"}:
        single = len(wanted) == 1 and len(wanted[0][1]) == 1
        listed = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": everything}
        print_result(formatted(everything[0] if single else listed, options.output))
    elif options.output == "name":
        print_result("\n".join(kubectl_name(ref_of(document)) for document in everything))
    elif not everything:
        place = "" if options.all_namespaces else f" in {options.namespace} namespace"
        print_progress(f"No resources found{place}.")
    else:
        pairs = [(kind, found) for (kind, _), found in zip(wanted, chosen, strict=True) if found]
        print_result("\n\n".join(_table(options, kind, found) for kind, found in pairs))
    return 0


def describe(options: argparse.Namespace, client: Client) -> int:
    """Print objects in full, each with its events."""
    for kind, names in parse_resources(options.what):
        for document in _objects(options, client, kind, names):
            _describe(document, client.list("Event"))
    return 0


def print_overview(client: Client) -> None:
    """Print the tables `up` ends with."""
    for kind in ("deployments", "pods", "services"):
        documents = client.list(kind)
        print_result(table(kind_named(kind), documents, everywhere=True, wide=True) + "\n")


def _table(options: argparse.Namespace, kind: Kind, documents: Sequence[Any]) -> str:
    rows = [row(options, kind, document) for document in documents]
    return "\n".join(Columns(headers=not options.no_headers).lines(rows))


def _objects(
    options: argparse.Namespace, client: Client, kind: Kind, names: Sequence[str]
) -> list[Any]:
    if names and options.all_namespaces:
        raise UsageError("a name and -A cannot be combined; name the namespace with -n")
    namespace = None if options.all_namespaces else options.namespace
    return client.list(kind.name, namespace, names=names, selector=options.selector)


def _describe(document: Any, events: list[Any]) -> None:
    metadata = {k: v for k, v in document["metadata"].items() if k not in _QUIET}
    body = {k: v for k, v in document.items() if k not in {"apiVersion", "kind", "metadata"}}
    if document["kind"] == "Secret":
        # As kubectl: sizes, never contents.
        sizes = {k: f"{len(v) * 3 // 4} bytes" for k, v in document.get("data", {}).items()}
        body = {"data": sizes}
    print_result(formatted({"kind": document["kind"], **metadata, **body}, "yaml"))
    ref = ref_of(document)
    involved = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
    about = [event for event in events if event["involvedObject"] == involved]
    print_result("events:\n" + (table(kind_named("Event"), about) if about else "<none>") + "\n")
