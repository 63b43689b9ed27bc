"""`scale`, `patch`, `edit`, `apply`, `delete`: change what runs."""

import argparse
import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from localkube.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.names import named, one
from localkube.objects import LAST_APPLIED
from localkube.terminal import say, show


def scale(options: argparse.Namespace, client: Client) -> int:
    """Set the number of replicas of Deployments."""
    for entry in named(options.what):
        if entry.kind.name != "Deployment":
            raise UsageError(f"cannot scale {entry.kind.plural}; name a deployment")
        for name in entry.names:
            body = {"spec": {"replicas": options.replicas}}
            place = {"kind": "Deployment", "namespace": options.namespace, "name": name}
            _patch(client, place, "merge", body)
            show(f"deployment.apps/{name} scaled")
    return 0


def patch(options: argparse.Namespace, client: Client) -> int:
    """Patch one object."""
    body = _yaml(options.patch, "-p")
    show(_patch(client, _place(options), options.type, body)["line"])
    return 0


def edit(options: argparse.Namespace, client: Client) -> int:
    """Open one object in an editor and take over what was changed."""
    place = _place(options)
    before = client.get(**place)
    (before["metadata"].get("annotations") or {}).pop(LAST_APPLIED, None)
    after = _edited(_editable(before))
    if after is None:
        show("Edit cancelled, no changes made.")
        return 0
    changed = _yaml(after, "the edited object")
    show(_patch(client, place, "replace", changed)["line"])
    return 0


def apply(options: argparse.Namespace, client: Client) -> int:
    """Create or change the objects of files."""
    from localkube import manifests  # noqa: PLC0415  # only this verb reads YAML files

    read = [manifest for path in options.filename for manifest in manifests.read(path)]
    documents = [(manifest.file, manifest.document) for manifest in read]
    result = client.call("apply", manifests=documents, namespace=options.namespace)
    show("\n".join(result["lines"]))
    if result["without_effect"]:
        say("no effect here: " + ", ".join(result["without_effect"]))
    return 0


def delete(options: argparse.Namespace, client: Client) -> int:
    """Delete objects by name, label or file."""
    grace = 0 if options.force and options.grace_period is None else options.grace_period
    for kind, namespace, name in _doomed(options, client):
        place = {"kind": kind, "namespace": namespace, "name": name}
        line = client.call("delete", **place, grace=grace, wait=options.wait)["line"]
        show(line.replace("deleted", "force deleted") if options.force else line)
    return 0


def _doomed(options: argparse.Namespace, client: Client) -> list[tuple[str, str, str]]:
    if options.filename:
        return _in_files(options)
    found = named(options.what)
    if options.selector or options.all:
        label = options.selector or ""
        return [
            (entry.kind.name, options.namespace, document["metadata"]["name"])
            for entry in found
            for document in client.list(entry.kind.name, options.namespace, selector=label)
        ]
    doomed = [(e.kind.name, options.namespace, name) for e in found for name in e.names]
    if not doomed:
        raise UsageError("name what to delete, or choose with -l or --all")
    return doomed


def _in_files(options: argparse.Namespace) -> list[tuple[str, str, str]]:
    from localkube import admission, manifests  # noqa: PLC0415  # only with -f

    read = [m.document for path in options.filename for m in manifests.read(path)]
    return [
        (d["kind"], d["metadata"].get("namespace", options.namespace), d["metadata"]["name"])
        for d in read
        if not admission.has_no_effect(d)
    ]


def _patch(client: Client, place: dict[str, str], how: str, body: Any) -> Any:
    return client.call("patch", **place, how=how, patch=body)


def _place(options: argparse.Namespace) -> dict[str, str]:
    kind, name = one(options.what)
    return {"kind": kind.name, "namespace": options.namespace, "name": name}


def _yaml(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        from localkube.manifests import parse  # noqa: PLC0415  # JSON is the usual case

        documents = parse(text, source)
    if len(documents) != 1:
        raise UsageError(f"{source}: expected one JSON or YAML document")
    return documents[0]


def _editable(document: Any) -> str:
    from localkube.yaml_text import to_yaml  # noqa: PLC0415  # only `edit` writes YAML

    hint = "# Save and close to apply; an unchanged file changes nothing.\n"
    return hint + to_yaml({key: value for key, value in document.items() if key != "status"})


def _edited(text: str) -> str | None:
    editor = os.environ.get("KUBE_EDITOR") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "object.yaml"
        path.write_text(text, encoding="utf-8")
        command = f"{editor} {shlex.quote(str(path))}"
        # The editor is the user's own, who may give it arguments.
        code = subprocess.call(["/bin/sh", "-c", command])  # noqa: S603
        if code:
            raise LocalkubeError(f"the editor {editor!r} ended with {code}; nothing was changed")
        after = path.read_text(encoding="utf-8")
    return after if after != text else None
