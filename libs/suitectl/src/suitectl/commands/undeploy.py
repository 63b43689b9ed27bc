"""`suitectl undeploy`: delete the suite from the cluster of the current kubeconfig."""

import argparse

from suitectl.deploy import undeploy
from suitectl.platform.kubernetes import Kubernetes


async def run(_: argparse.Namespace) -> int:
    """Delete the suite."""
    await undeploy(Kubernetes())
    return 0
