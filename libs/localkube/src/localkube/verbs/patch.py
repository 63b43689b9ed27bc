"""`patch` and `scale`: change one object."""

import argparse
import json
from typing import Any

from localkube.control.client import Client
from localkube.errors import UsageError
from localkube.terminal import print_result
from localkube.verbs.resource_arguments import parse_reference


def patch(options: argparse.Namespace, client: Client) -> int:
    """Patch one object."""
    body, place = _document(options.patch, "-p"), parse_reference(options)
    print_result(client.call("patch", **place, how=options.type, patch=body)["line"])
    return 0


def scale(options: argparse.Namespace, client: Client) -> int:
    """Set the number of replicas of a Deployment."""
    place = parse_reference(options)
    if place["kind"] != "Deployment":
        raise UsageError(f"cannot scale a {place['kind']}; name a deployment")
    body = {"spec": {"replicas": options.replicas}}
    client.call("patch", **place, how="merge", patch=body)
    print_result(f"deployment.apps/{place['name']} scaled")
    return 0


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
    from localkube.api.yaml_reader import parse  # noqa: PLC0415  # JSON is the usual case

    documents = parse(text, source)
    if len(documents) != 1:
        raise UsageError(f"{source}: expected one JSON or YAML document")
    return documents[0]
