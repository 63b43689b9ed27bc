"""Deploys an overlay to a cluster, and deletes the suite there."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import yaml

from localkube.api.objects import mounted_secrets, referenced
from localkube.progress import step
from suitectl.catalogue import services
from suitectl.errors import CommandFailedError
from suitectl.pending import pending_told
from suitectl.platform.client_pod import NAMESPACE as CLIENT_NAMESPACE
from suitectl.platform.platform import Platform
from suitectl.root import ROOT
from suitectl.secrets.dev import STORE, USERS, ensure

SECRETS = ROOT / ".secrets"
DEV_SECRETS = frozenset({STORE, USERS})
"""Those of `k8s/base`, which only the cluster stores; an overlay with another Redis needs none."""
CLUSTER_WIDE = ("clusterrole", "clusterrolebinding", "priorityclass")
PART_OF = "app.kubernetes.io/part-of=suite"
"""The label of the suite's objects without a namespace."""
_ROLLED_OUT = ("Deployment", "StatefulSet")
_ROLLOUT_S = 300
_APPLY_S = 120.0
_BUILD = ROOT / ".build"


async def deploy(overlay: Path, images: Mapping[str, str], platform: Platform) -> float:
    """Apply an overlay with these images and wait until all of it is ready; return the seconds.

    `images` maps the manifests' image names to full ones. Raises `CommandFailedError`.
    """
    began = time.monotonic()
    with step(f"rendering {overlay.name}"):
        documents = await render(overlay, images, platform)
    wanted = missing_secrets(documents)
    secrets = _generated(wanted - DEV_SECRETS if USERS in wanted else wanted)
    with step(f"applying {overlay.name}"):
        await _apply(platform, [d for d in documents if d["kind"] == "Namespace"])
        for file in secrets:
            await platform.run("apply", "-f", str(file))
        if USERS in wanted:
            await ensure(platform)
        await _apply(platform, documents)
    for document in documents:
        if document["kind"] in _ROLLED_OUT:
            metadata = document["metadata"]
            with step(f"waiting for {metadata['name']}") as say:
                async with pending_told(platform, metadata["namespace"], say):
                    await _rolled_out(platform, document)
    return time.monotonic() - began


def namespaces() -> tuple[str, ...]:
    """Return the suite's namespaces, that of its client included."""
    return (*sorted({service.namespace for service in services().values()}), CLIENT_NAMESPACE)


async def render(
    overlay: Path, images: Mapping[str, str], platform: Platform
) -> Sequence[dict[str, Any]]:
    """Return an overlay's documents with these images, as `kubectl kustomize` makes them."""
    if not (overlay / "kustomization.yaml").exists():
        raise CommandFailedError(f"{overlay}: no kustomization.yaml there; see k8s/overlays")
    replacements = [_replacement(image, full) for image, full in images.items()]
    wanted = {"resources": [from_kustomization(overlay)], "images": replacements}
    rendered = await kustomize(platform, wanted)
    return [document for document in yaml.safe_load_all(rendered) if document]


async def kustomize(platform: Platform, wanted: Mapping[str, Any], **files: str) -> str:
    """Return what `kubectl kustomize` makes of a kustomization.

    `files` are the texts of YAML files beside it, by name without `.yaml`.
    """
    _BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_BUILD, prefix="kustomize-") as directory:
        _write(Path(directory), files | {"kustomization": yaml.safe_dump(wanted)})
        return await platform.run("kustomize", directory)


def _write(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)


def from_kustomization(path: Path) -> str:
    """Return a path for a kustomization of `kustomize`, where it has to be relative."""
    return os.path.relpath(path.resolve(), _BUILD / "kustomize")


def _replacement(image: str, full: str) -> dict[str, str]:
    """Return kustomize's replacement; the tag follows the last colon after the last slash."""
    path, slash, last = full.rpartition("/")
    name, _, tag = last.partition(":")
    return {"name": image, "newName": path + slash + name, "newTag": tag or "latest"}


def missing_secrets(documents: Sequence[dict[str, Any]]) -> set[str]:
    """Return the Secrets that pods need and the overlay does not contain."""
    contained = {d["metadata"]["name"] for d in documents if d["kind"] == "Secret"}
    return {name for document in documents for name in _secret_names(document)} - contained


def _generated(wanted: AbstractSet[str]) -> Sequence[Path]:
    """Return the files of `make secrets`, where they are needed; raise `CommandFailedError`."""
    if not wanted:
        return ()
    files = sorted(SECRETS.glob("*.yaml"))
    generated = {d["metadata"]["name"] for f in files for d in yaml.safe_load_all(f.read_text())}
    if missing := ", ".join(sorted(wanted - generated)):
        raise CommandFailedError(f"the overlay needs generated Secrets ({missing}): make secrets")
    return files


def _secret_names(document: dict[str, Any]) -> Iterator[str]:
    if document["kind"] in _ROLLED_OUT:
        for reference in mounted_secrets(document):
            if not reference.get("optional"):
                yield referenced("Secret", "", reference).name


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
    """Return the pods and the last warnings of a namespace."""
    pods = await platform.run("get", "pods", "-n", namespace)
    warnings = await platform.run(
        *("get", "events", "-n", namespace, "--field-selector=type=Warning"),
        *("--sort-by=.lastTimestamp", "-o", "custom-columns=O:.involvedObject.name,M:.message"),
    )
    return "\n".join([*pods.splitlines(), *warnings.splitlines()[-5:]])


async def undeploy(platform: Platform) -> None:
    """Delete the suite's namespaces with their objects, and its objects without a namespace."""
    with step("deleting the namespaces"):
        await platform.run(
            *("delete", "namespace", *namespaces(), "--ignore-not-found"),
            timeout=_ROLLOUT_S,
        )
    await platform.run("delete", ",".join(CLUSTER_WIDE), "-l", PART_OF, "--ignore-not-found")
