"""`delete`: delete objects by name or label."""

import argparse

from localkube.control.client import Client
from localkube.errors import UsageError
from localkube.terminal import show
from localkube.verbs.resource_arguments import named


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
