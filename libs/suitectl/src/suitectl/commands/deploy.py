"""`suitectl deploy`: build the images and deploy an overlay to the current cluster."""

import argparse
import os
from pathlib import Path

from suitectl.deploy import deploy, namespaces
from suitectl.images import BuildOptions, build_images, by_manifest_name
from suitectl.platform.kubernetes import Kubernetes
from suitectl.root import ROOT
from suitectl.terminal import console, table

_OVERLAY = "prod"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--overlay", help=f"a name below k8s/overlays, by default {_OVERLAY}, or a folder"
    )


async def run(options: argparse.Namespace) -> int:
    """Build and load the images, apply, wait, and print the workloads."""
    platform, overlay = Kubernetes(), options.overlay or _OVERLAY
    # A cluster that does not respond is reported before minutes of building.
    await platform.run("version", timeout=20)
    built = BuildOptions.of(os.environ)
    images = by_manifest_name(built, await build_images(built))
    took = await deploy(_overlay(overlay), images, platform)
    deployments = [*await platform.objects("deployments"), *await platform.objects("statefulsets")]
    rows = [
        (d["metadata"]["namespace"], d["metadata"]["name"], d["status"].get("readyReplicas", 0))
        for d in deployments
        if d["metadata"]["namespace"] in namespaces()
    ]
    console().print(table(("NAMESPACE", "NAME", "READY"), rows))
    console().print(f"deployed {overlay} in {took:.0f} s")
    return 0


def _overlay(name: str) -> Path:
    known = ROOT / "k8s/overlays" / name
    return known if known.is_dir() else Path(name)
