"""The committed manifests as a value that checks read and tests change."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

K8S = Path(__file__).parents[2] / "k8s"
COMPONENTS = K8S / "components"
REMOVED = object()
"""A value for `Manifests.changed` that deletes the field."""

TRUSTED_PROXIES = {
    "name": "trusted-proxies",
    "literals": ["cidrs=192.0.2.0/24"],
    "options": {"annotations": {"config.kubernetes.io/local-config": "true"}},
}
"""The ConfigMap that an overlay needs for components behind a proxy."""

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manifests:
    """All objects of one kustomization, in the order `kubectl apply -k` would send them."""

    objects: tuple[Manifest, ...]

    def of(self, *kinds: str) -> Iterator[Manifest]:
        """Yield the objects of these kinds."""
        return (manifest for manifest in self.objects if manifest["kind"] in kinds)

    def workloads(self) -> Iterator[Manifest]:
        """Yield the workloads, which run pods."""
        return self.of("Deployment", "StatefulSet")

    def get(self, kind: str, name: str, namespace: str | None = None) -> Manifest | None:
        """Return one object, or None."""
        found = (m for m in self.of(kind) if m["metadata"]["name"] == name)
        return next((m for m in found if namespace in (None, namespace_of(m))), None)

    def changed(self, target: str, path: str, value: Any) -> "Manifests":
        """Return a copy with a field of `Kind/name` set. `path` is dotted; numbers index lists."""
        objects = deepcopy(self.objects)
        copy = Manifests(objects)
        kind, name = target.split("/")
        manifest = copy.get(kind, name)
        assert manifest is not None, f"no {target} to change"
        _set(manifest, path.split("."), value)
        return copy

    def without(self, target: str) -> "Manifests":
        """Return a copy without `Kind/name`."""
        return Manifests(tuple(m for m in self.objects if title(m) != target))


def load(directory: Path) -> Manifests:
    """Load the `resources` of a kustomization.yaml recursively."""
    return Manifests(tuple(_objects(directory)))


def render(directory: Path) -> Manifests:
    """Render a kustomization like `kubectl apply -k`. Fails if kubectl is not installed."""
    if (kubectl := shutil.which("kubectl")) is None:
        pytest.fail("rendering an overlay needs kubectl: install one on the PATH", pytrace=False)
    command = [kubectl, "kustomize", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Manifests(tuple(document for document in yaml.safe_load_all(done.stdout) if document))


def composed(below: Path, components: Iterable[str], directory: Path) -> Manifests:
    """Render a kustomization with components from an overlay written to `directory`."""
    write_overlay(below, components, directory, configMapGenerator=[TRUSTED_PROXIES])
    return render(directory)


def write_overlay(below: Path, components: Iterable[str], directory: Path, **more: Any) -> None:
    """Write an overlay that combines components, as users do."""
    wanted = {
        "resources": [os.path.relpath(below, directory)],
        "components": [os.path.relpath(component(name), directory) for name in components],
        **more,
    }
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(wanted))


def component(name: str) -> Path:
    """Return the folder of a component; one about a single service is in the service's folder."""
    of_services = [path.parent for path in K8S.glob(f"base/*/{name}/kustomization.yaml")]
    return COMPONENTS / name if (COMPONENTS / name).is_dir() else of_services[0]


def title(manifest: Manifest) -> str:
    """Name an object as `Kind/name`."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def namespace_of(manifest: Manifest) -> str:
    """Return the namespace of an object, or the empty string for a cluster-wide one."""
    return str(manifest["metadata"].get("namespace", ""))


def pod_spec(workload: Manifest) -> Manifest:
    """Return the specification of a workload's pods."""
    spec: Manifest = workload["spec"]["template"]["spec"]
    return spec


def pod_labels(workload: Manifest) -> dict[str, str]:
    """Return the labels of a workload's pods."""
    labels: dict[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return labels


def containers(workload: Manifest) -> list[Manifest]:
    """Return all containers of a workload's pods, including init containers."""
    spec = pod_spec(workload)
    return [*spec.get("initContainers", []), *spec["containers"]]


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    """Return whether an equality selector matches labels. Here an empty one matches nothing."""
    return bool(selector) and selector.items() <= labels.items()


def selected(manifests: Manifests, namespace: str, selector: dict[str, str]) -> list[Manifest]:
    """Return the workloads of a namespace whose pods a selector matches."""
    return [
        workload
        for workload in manifests.workloads()
        if namespace_of(workload) == namespace
        and any(selects(selector, labels) for labels in _labels_of_each(workload))
    ]


def _labels_of_each(workload: Manifest) -> Iterator[dict[str, str]]:
    """Yield the labels of each pod. Pods of a StatefulSet have their ordinal as a label."""
    labels = pod_labels(workload)
    if workload["kind"] != "StatefulSet":
        yield labels
        return
    for number in range(workload["spec"]["replicas"]):
        yield {**labels, "apps.kubernetes.io/pod-index": str(number)}


def _objects(directory: Path) -> Iterator[Manifest]:
    kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
    for resource in kustomization["resources"]:
        path = directory / resource
        yield from _objects(path) if path.is_dir() else _documents(path)


def _documents(path: Path) -> Iterable[Manifest]:
    return (document for document in yaml.safe_load_all(path.read_text()) if document)


def _set(node: Any, path: list[str], value: Any) -> None:
    *way, last = [int(step) if step.isdecimal() else step for step in path]
    for step in way:
        node = node[step] if isinstance(step, int) else node.setdefault(step, {})
    if value is REMOVED:
        del node[last]
    else:
        node[last] = value
