"""`get` and `describe`: show objects as tables, YAML, JSON or names."""

import argparse
import json
from typing import Any

from localkube.client import Client
from localkube.errors import UsageError
from localkube.kinds import Kind, kind_named
from localkube.names import Named, named
from localkube.tables import columns_of, render
from localkube.terminal import say, show

_QUIET = ("resourceVersion", "uid", "generation", "ownerReferences", "annotations")


def get(options: argparse.Namespace, client: Client) -> int:
    """Print objects; without any, say so on standard error and exit 0, as kubectl does."""
    wanted = named(options.what)
    chosen = [(entry, _objects(options, client, entry)) for entry in wanted]
    everything = [document for _, documents in chosen for document in documents]
    if not everything and options.output in {None, "wide"}:
        place = "" if options.all_namespaces else f" in {options.namespace} namespace"
        say(f"No resources found{place}.")
    elif options.output in {"json", "yaml"}:
        single = len(wanted) == 1 and len(wanted[0].names) == 1
        show(_dumped(everything[0] if single else _listed(everything), options.output))
    elif options.output == "name":
        show("\n".join(_path(document) for document in everything))
    else:
        _print_tables(chosen, options)
    return 0


def describe(options: argparse.Namespace, client: Client) -> int:
    """Print objects in full, each with its events."""
    for entry in named(options.what):
        for document in _objects(options, client, entry):
            show(_description(document, client))
    return 0


def print_overview(client: Client) -> None:
    """Print the tables `up` ends with."""
    for kind in ("deployments", "pods", "services"):
        found = kind_named(kind)
        show(_table(found, client.list(kind), all_namespaces=True, wide=kind == "pods"))
        show("")


def _objects(options: argparse.Namespace, client: Client, entry: Named) -> list[Any]:
    namespace = None if options.all_namespaces else options.namespace
    if entry.names and options.all_namespaces:
        raise UsageError("a name and -A cannot stand together; name the namespace with -n")
    selector = options.selector or ""
    return client.list(entry.kind.name, namespace, names=list(entry.names), selector=selector)


def _print_tables(chosen: list[tuple[Named, list[Any]]], options: argparse.Namespace) -> None:
    tables = [
        _table(
            entry.kind,
            documents,
            all_namespaces=options.all_namespaces,
            wide=options.output == "wide",
            heading=not options.no_headers,
        )
        for entry, documents in chosen
        if documents
    ]
    show("\n\n".join(tables))


def _table(
    kind: Kind, documents: list[Any], *, all_namespaces: bool, wide: bool, heading: bool = True
) -> str:
    columns, row = columns_of(kind.name, wide=wide)
    rows = [row(document) for document in documents]
    if all_namespaces and kind.namespaced:
        columns = ["NAMESPACE", *columns]
        places = [document["metadata"]["namespace"] for document in documents]
        rows = [[place, *row] for place, row in zip(places, rows, strict=True)]
    table = render(columns, rows)
    return table if heading else "\n".join(table.splitlines()[1:])


def _to_yaml(document: Any) -> str:
    from localkube.yaml_text import to_yaml  # noqa: PLC0415  # slow to import, seldom needed

    return to_yaml(document)


def _listed(documents: list[Any]) -> Any:
    return {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": documents}


def _dumped(document: Any, output: str) -> str:
    if output == "json":
        return json.dumps(document, indent=4)
    return _to_yaml(document).rstrip()


def _path(document: Any) -> str:
    kind = kind_named(document["kind"])
    group = ".apps" if kind.api_version == "apps/v1" else ""
    return f"{kind.name.lower()}{group}/{document['metadata']['name']}"


def _description(document: Any, client: Client) -> str:
    metadata = {k: v for k, v in document["metadata"].items() if k not in _QUIET}
    shown = {"kind": document["kind"], **metadata, **_body(document)}
    events = [e for e in client.list("Event") if _concerns(e, document)]
    columns, row = columns_of("Event", wide=False)
    table = render(columns, [row(event) for event in events]) if events else "<none>"
    return f"{_to_yaml(shown)}events:\n{table}\n"


def _body(document: Any) -> Any:
    if document["kind"] == "Secret":
        # As kubectl: the sizes, never the content.
        return {"data": {k: f"{len(v) * 3 // 4} bytes" for k, v in document["data"].items()}}
    hidden = {"apiVersion", "kind", "metadata"}
    return {key: value for key, value in document.items() if key not in hidden}


def _concerns(event: Any, document: Any) -> bool:
    metadata = document["metadata"]
    involved = event["involvedObject"]
    here = (document["kind"], metadata.get("namespace"), metadata["name"])
    return here == (involved["kind"], involved["namespace"], involved["name"])
