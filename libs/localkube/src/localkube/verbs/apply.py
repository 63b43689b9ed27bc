"""`apply`: create or change the objects of files."""

import argparse

from localkube.api import manifests
from localkube.control.client import Client
from localkube.terminal import print_not_applied, print_result


def apply(options: argparse.Namespace, client: Client) -> int:
    """Create or change the objects of files."""
    documents = [manifest for path in options.filename for manifest in manifests.read(path)]
    result = client.call("apply", manifests=documents, namespace=options.namespace)
    print_result("\n".join(result["lines"]))
    print_not_applied(result)
    return 0
