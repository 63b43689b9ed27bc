"""`suitectl dev-secrets`: create the generated Secrets of `k8s/base` where they are missing."""

import argparse
import json
import sys
import time

import yaml

from suitectl.arguments import MAX_SECONDS, amount
from suitectl.platform.kubernetes import Kubernetes
from suitectl.root import ROOT
from suitectl.secrets.dev import STORE, USERS, documents, ensure, signing_keys
from suitectl.secrets.in_cluster import NAMESPACE
from suitectl.secrets.signing_keys import SECRET as SIGNING_KEYS
from suitectl.secrets.signing_keys import new_key

_NAMESPACE = ROOT / f"k8s/base/namespaces/{NAMESPACE}.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--print", action="store_true", help="print new ones, for `localkube up`")
    parser.add_argument(
        "--signing-key",
        metavar="SECONDS",
        help=f"print a patch of {SIGNING_KEYS} with one key more, which signs in so many seconds",
    )
    parser.add_argument("--context", help="kubectl's context, by default the current one")


async def run(options: argparse.Namespace) -> int:
    """Print new Secrets, or a patch, or create what the cluster of a kubeconfig lacks."""
    if options.print:
        sys.stdout.write(yaml.safe_dump_all((*documents(), await signing_keys())) + "\n")
        return 0
    if options.signing_key:
        lead = amount("--signing-key", options.signing_key, 0, most=MAX_SECONDS)
        files = await new_key(time.time() + lead)
        sys.stdout.write(json.dumps({"stringData": files}) + "\n")
        return 0
    platform = Kubernetes(context=options.context or None)
    # Without the policies beside it: an overlay may want none.
    namespace = next(yaml.safe_load_all(_NAMESPACE.read_text()))
    await platform.run("apply", "-f", "-", stdin=yaml.safe_dump(namespace))
    await ensure(platform)
    sys.stdout.write(f"{STORE}, {USERS} and {SIGNING_KEYS} are in {NAMESPACE}\n")
    return 0
