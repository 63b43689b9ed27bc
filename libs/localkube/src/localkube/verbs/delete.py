"""`delete`: delete objects by name or label."""

import argparse

from localkube.control.client import Client
from localkube.errors import UsageError
from localkube.terminal import print_result
from localkube.verbs.resource_arguments import parse_resources


def delete(options: argparse.Namespace, client: Client) -> int:
    """Delete objects by name or label."""
    grace = 0 if options.force and options.grace_period is None else options.grace_period
    for kind, name in _chosen(options, client):
        place = {"kind": kind, "namespace": options.namespace, "name": name}
        line = client.call("delete", **place, grace=grace, wait=options.wait)["line"]
        print_result(line.replace("deleted", "force deleted") if options.force else line)
    return 0


def _chosen(options: argparse.Namespace, client: Client) -> list[tuple[str, str]]:
    found = parse_resources(options.what)
    if options.selector:
        return [
            (kind.name, document["metadata"]["name"])
            for kind, _ in found
            for document in client.list(kind.name, options.namespace, selector=options.selector)
        ]
    chosen = [(kind.name, name) for kind, names in found for name in names]
    if not chosen:
        raise UsageError("name what to delete, or choose with -l")
    return chosen
