"""`scale`, `patch`, `edit`, `apply`, `delete`: change what runs."""

import argparse
import json
from typing import Any

from localkube.client import Client
from localkube.errors import UsageError
from localkube.kinds import named, one
from localkube.terminal import say, show


def scale(options: argparse.Namespace, client: Client) -> int:
    """Set the number of replicas of a Deployment."""
    place = _place(options)
    if place["kind"] != "Deployment":
        raise UsageError(f"cannot scale a {place['kind']}; name a deployment")
    body = {"spec": {"replicas": options.replicas}}
    client.call("patch", **place, how="merge", patch=body)
    show(f"deployment.apps/{place['name']} scaled")
    return 0


def patch(options: argparse.Namespace, client: Client) -> int:
    """Patch one object."""
    body = _document(options.patch, "-p")
    show(client.call("patch", **_place(options), how=options.type, patch=body)["line"])
    return 0


def apply(options: argparse.Namespace, client: Client) -> int:
    """Create or change the objects of files."""
    from localkube import manifests  # noqa: PLC0415  # only this verb reads YAML files

    documents = [manifest for path in options.filename for manifest in manifests.read(path)]
    result = client.call("apply", manifests=documents, namespace=options.namespace)
    show("\n".join(result["lines"]))
    if result["without_effect"]:
        say("no effect here: " + ", ".join(result["without_effect"]))
    return 0


def delete(options: argparse.Namespace, client: Client) -> int:
    """Delete objects by name or label."""
    grace = 0 if options.force and options.grace_period is None else options.grace_period
    for kind, name in _doomed(options, client):
        place = {"kind": kind, "namespace": options.namespace, "name": name}
        line = client.call("delete", **place, grace=grace, wait=options.wait)["line"]
        show(line.replace("deleted", "force deleted") if options.force else line)
    return 0


def _doomed(options: argparse.Namespace, client: Client) -> list[tuple[str, str]]:
    found = named(options.what)
    if options.selector:
        return [
            (kind.name, document["metadata"]["name"])
            for kind, _ in found
            for document in client.list(kind.name, options.namespace, selector=options.selector)
        ]
    doomed = [(kind.name, name) for kind, names in found for name in names]
    if not doomed:
        raise UsageError("name what to delete, or choose with -l")
    return doomed


def _place(options: argparse.Namespace) -> dict[str, str]:
    kind, name = one(options.what)
    return {"kind": kind.name, "namespace": options.namespace, "name": name}


def _document(text: str, source: str) -> Any:
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise UsageError(f"{source}: exceeded max depth") from None
    except UnicodeEncodeError:
        raise UsageError(f"{source}: is not Unicode text: half of a surrogate pair") from None
    except ValueError:
        found = _only_document(text, source)
    return found


def _only_document(text: str, source: str) -> Any:
    from localkube.yaml_reader import parse  # noqa: PLC0415  # JSON is the usual case

    documents = parse(text, source)
    if len(documents) != 1:
        raise UsageError(f"{source}: expected one JSON or YAML document")
    return documents[0]
