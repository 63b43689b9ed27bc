"""Admit a document: check it, fill in what Kubernetes would, or refuse it in one line."""

import base64
from typing import Any

from localkube.errors import UsageError
from localkube.kinds import kind_named
from localkube.objects import Object, Ref, selects
from localkube.schema import Findings, check_object


def admit(document: Object, source: str, namespace: str) -> tuple[Object, set[str]]:
    """Return a checked copy with its namespace set, and its fields without effect.

    Raises `UsageError` naming `source`, object and field.
    """
    found = check_object(document)
    if not found.problems and document["kind"] in _CONSISTENT:
        _CONSISTENT[document["kind"]](document, found)
    if found.problems:
        raise UsageError(f"{source}: {name_of(document)}: {found.problems[0]}")
    admitted: Object = _without_nulls(document)
    if kind_named(document["kind"]).namespaced:
        admitted["metadata"].setdefault("namespace", namespace)
    if plain := admitted.pop("stringData", None):
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in plain.items()}
        admitted["data"] = {**admitted.get("data", {}), **encoded}
    return admitted, found.without_effect


def name_of(document: Object) -> Ref:
    """Name a document that may not be valid."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return Ref(document["kind"], metadata.get("namespace") or "", metadata.get("name") or "?")


def _without_nulls(value: Any) -> Any:
    """Copy a document; a field that is null is not set, as in Kubernetes."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _deployment(document: Object, found: Findings) -> None:
    spec = document["spec"]
    selector = spec["selector"]["matchLabels"]
    if not selector or not selects(selector, spec["template"]):
        found.problem("spec.selector", "does not match the labels of spec.template")
    pod = spec["template"]["spec"]
    names = [container["name"] for container in pod["containers"]]
    if len(names) != len(set(names)):
        found.problem("spec.template.spec.containers", "two containers have one name")
    volumes = {volume["name"] for volume in pod.get("volumes") or []}
    for index, container in enumerate(pod["containers"]):
        _container(container, volumes, f"spec.template.spec.containers[{index}]", found)


def _container(container: Object, volumes: set[str], path: str, found: Findings) -> None:
    for index, mount in enumerate(container.get("volumeMounts") or []):
        if mount["name"] not in volumes:
            reason = f"no volume is called {mount['name']!r}; add it to spec.template.spec.volumes"
            found.problem(f"{path}.volumeMounts[{index}].name", reason)
    known = {port.get("name") for port in container.get("ports") or []}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        for action, detail in (container.get(probe) or {}).items():
            port = detail.get("port") if isinstance(detail, dict) else None
            if isinstance(port, str) and port not in known:
                reason = f"no port of the container is called {port!r}"
                found.problem(f"{path}.{probe}.{action}.port", reason)


def _service(document: Object, found: Findings) -> None:
    spec = document["spec"]
    ports = spec.get("ports") or []
    needed = "externalName" if spec.get("type") == "ExternalName" else "ports"
    if not spec.get(needed):
        found.problem(f"spec.{needed}", "is missing; set it")
    if len({port["port"] for port in ports}) != len(ports):
        found.problem("spec.ports", "one port stands twice")
    if len(ports) > 1 and any(not port.get("name") for port in ports):
        found.problem("spec.ports", "each of several ports needs a name")


def _data(document: Object, found: Findings) -> None:
    field = "data" if document["kind"] == "Secret" else "binaryData"
    for key, value in (document.get(field) or {}).items():
        try:
            base64.b64decode(value, validate=True)
        except ValueError:
            found.problem(f"{field}.{key}", "is not base64; use stringData for plain text")


_CONSISTENT = {
    "Deployment": _deployment,
    "Service": _service,
    "Secret": _data,
    "ConfigMap": _data,
}
