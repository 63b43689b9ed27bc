"""Brings an overlay to a cluster, and deletes the suite there."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from suitectl.errors import CommandFailedError
from suitectl.platform.platform import Platform
from suitectl.root import ROOT
from suitectl.secrets.dev import STORE, USERS, ensure
from suitectl.terminal import progress

SECRETS = ROOT / ".secrets"
DEV_SECRETS = frozenset({STORE, USERS})
"""Those of `k8s/base`, which the cluster keeps; an overlay with another Redis wants none."""
NAMESPACES = ("system-server", "ns-app", "suite-client")
CLUSTER_WIDE = ("clusterrole", "clusterrolebinding", "priorityclass")
PART_OF = "app.kubernetes.io/part-of=suite"
"""The label by which the suite's objects without a namespace are found again."""
_ROLLED_OUT = ("Deployment", "StatefulSet")
_ROLLOUT_S = 300
_APPLY_S = 120.0


async def deploy(overlay: Path, images: Mapping[str, str], platform: Platform) -> float:
    """Apply an overlay with these images and wait until all of it is ready; return the seconds.

    `images` maps the manifests' image names to full ones. Raises `CommandFailedError`.
    """
    began = time.monotonic()
    documents = await render(overlay, images, platform)
    wanted = _missing(documents)
    secrets = _generated(wanted - DEV_SECRETS if USERS in wanted else wanted)
    with progress("deploying") as say:
        say(f"applying {overlay}")
        await _apply(platform, [d for d in documents if d["kind"] == "Namespace"])
        for file in secrets:
            await platform.run("apply", "-f", str(file))
        if USERS in wanted:
            await ensure(platform)
        await _apply(platform, documents)
        for document in documents:
            if document["kind"] in _ROLLED_OUT:
                say(f"waiting for {document['metadata']['name']}")
                await _rolled_out(platform, document)
    return time.monotonic() - began


async def render(
    overlay: Path, images: Mapping[str, str], platform: Platform
) -> Sequence[dict[str, Any]]:
    """Return an overlay's documents with these images, as `kubectl kustomize` makes them."""
    if not (overlay / "kustomization.yaml").exists():
        raise CommandFailedError(f"{overlay}: no kustomization.yaml there; see k8s/overlays")
    with _kustomization(overlay, images) as directory:
        rendered = await platform.run("kustomize", str(directory))
    return [document for document in yaml.safe_load_all(rendered) if document]


@contextmanager
def _kustomization(overlay: Path, images: Mapping[str, str]) -> Iterator[Path]:
    """Have a kustomization that puts these images into an overlay; kustomize wants it near."""
    (ROOT / ".build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".build", prefix="deploy-") as name:
        wanted = {
            "resources": [os.path.relpath(overlay.resolve(), name)],
            "images": [_replacement(image, full) for image, full in images.items()],
        }
        Path(name, "kustomization.yaml").write_text(yaml.safe_dump(wanted))
        yield Path(name)


def _replacement(image: str, full: str) -> dict[str, str]:
    """Return kustomize's replacement; the tag follows the last colon after the last slash."""
    path, slash, last = full.rpartition("/")
    name, _, tag = last.partition(":")
    return {"name": image, "newName": path + slash + name, "newTag": tag or "latest"}


def _missing(documents: Sequence[dict[str, Any]]) -> set[str]:
    """Return the Secrets that pods want and the overlay does not bring."""
    brought = {d["metadata"]["name"] for d in documents if d["kind"] == "Secret"}
    return {name for document in documents for name in _secret_names(document)} - brought


def _generated(wanted: AbstractSet[str]) -> Sequence[Path]:
    """Return the files of `make secrets`, where they are needed; raise `CommandFailedError`."""
    if not wanted:
        return ()
    files = sorted(SECRETS.glob("*.yaml"))
    generated = {name for file in files for name in _names(file)}
    if missing := ", ".join(sorted(wanted - generated)):
        raise CommandFailedError(f"this overlay wants generated Secrets ({missing}): make secrets")
    return files


def _names(file: Path) -> Iterator[str]:
    return (document["metadata"]["name"] for document in yaml.safe_load_all(file.read_text()))


def _secret_names(document: dict[str, Any]) -> Iterator[str]:
    if document["kind"] in _ROLLED_OUT:
        for volume in document["spec"]["template"]["spec"].get("volumes", ()):
            if "secret" in volume:
                yield volume["secret"]["secretName"]
            for source in volume.get("projected", {}).get("sources", ()):
                if "secret" in source:
                    yield source["secret"]["name"]


async def _apply(platform: Platform, documents: Sequence[dict[str, Any]]) -> None:
    await platform.run("apply", "-f", "-", stdin=yaml.safe_dump_all(documents), timeout=_APPLY_S)


async def _rolled_out(platform: Platform, document: dict[str, Any]) -> None:
    metadata = document["metadata"]
    resource = f"{document['kind'].lower()}/{metadata['name']}"
    try:
        await platform.run(
            *("rollout", "status", resource, "-n", metadata["namespace"]),
            f"--timeout={_ROLLOUT_S}s",
            timeout=_ROLLOUT_S + 10,
        )
    except CommandFailedError as error:
        why = await _why(platform, metadata["namespace"])
        raise CommandFailedError(f"{error}\n{why}") from None


async def _why(platform: Platform, namespace: str) -> str:
    """Return the pods and the last warnings of a namespace: what one would ask for next."""
    pods = await platform.run("get", "pods", "-n", namespace)
    warnings = await platform.run(
        *("get", "events", "-n", namespace, "--field-selector=type=Warning"),
        *("--sort-by=.lastTimestamp", "-o", "custom-columns=O:.involvedObject.name,M:.message"),
    )
    return "\n".join([*pods.splitlines(), *warnings.splitlines()[-5:]])


async def undeploy(platform: Platform) -> None:
    """Delete the suite's namespaces with all that is in them, and what it has outside of them."""
    await platform.run(
        *("delete", "namespace", *NAMESPACES, "--ignore-not-found"),
        timeout=_ROLLOUT_S,
    )
    await platform.run("delete", ",".join(CLUSTER_WIDE), "-l", PART_OF, "--ignore-not-found")
