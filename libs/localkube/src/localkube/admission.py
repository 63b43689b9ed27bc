"""Admit a document: check it, fill in what Kubernetes would, or refuse it in one line."""

import base64
import copy

from localkube.errors import ManifestError
from localkube.kinds import NO_EFFECT_KINDS, kind_named
from localkube.objects import Object, Ref
from localkube.rules import Findings
from localkube.schema import findings
from localkube.selectors import from_document, matches

_IMMUTABLE = {"Deployment": ("selector",)}


def admit(document: Object, source: str, namespace: str) -> tuple[Object, Findings]:
    """Return a checked copy with its namespace set; raise `ManifestError` naming `source`."""
    found = findings(document)
    if not found.problems:
        _check_consistency(document, found)
    if found.problems:
        raise ManifestError(f"{source}: {name_of(document)}: {found.problems[0]}")
    admitted = copy.deepcopy(document)
    if kind_named(document["kind"]).namespaced:
        admitted["metadata"].setdefault("namespace", namespace)
    if document["kind"] == "Secret":
        _encode(admitted)
    return admitted, found


def has_no_effect(document: Object) -> bool:
    """Say whether a kind is accepted without a meaning on one machine."""
    return document["kind"] in NO_EFFECT_KINDS


def name_of(document: Object) -> str:
    """Name a document that may not be valid."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    ref = Ref(document["kind"], metadata.get("namespace") or "", metadata.get("name") or "?")
    return str(ref)


def check_change(old: Object, new: Object, source: str) -> None:
    """Refuse to change what Kubernetes holds immutable; raise `ManifestError`."""
    for field in _IMMUTABLE.get(old["kind"], ()):
        if old["spec"].get(field) != new["spec"].get(field):
            reason = "cannot change; delete the object first"
            raise ManifestError(f"{source}: {name_of(new)}: spec.{field}: {reason}")
    if old.get("immutable") and (
        not new.get("immutable")
        or any(old.get(part) != new.get(part) for part in ("data", "binaryData"))
    ):
        raise ManifestError(f"{source}: {name_of(new)}: is immutable; delete it first")


def _encode(secret: Object) -> None:
    plain = secret.pop("stringData", None) or {}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    secret["data"] = {**(secret.get("data") or {}), **encoded}


def _check_consistency(document: Object, found: Findings) -> None:
    if document["kind"] == "Deployment":
        _check_deployment(document["spec"], found)
    elif document["kind"] == "Service":
        _check_service(document["spec"], found)
    elif document["kind"] in {"Secret", "ConfigMap"}:
        _check_base64(document, found)


def _check_deployment(spec: Object, found: Findings) -> None:
    labels = spec["template"]["metadata"].get("labels") or {}
    selector = from_document(spec["selector"])
    if not selector or not matches(selector, labels):
        found.problem("spec.selector", "does not match the labels of spec.template")
    pod = spec["template"]["spec"]
    volumes = {volume["name"] for volume in pod.get("volumes") or []}
    names = [container["name"] for container in pod["containers"]]
    if len(names) != len(set(names)):
        found.problem("spec.template.spec.containers", "two containers have one name")
    for index, container in enumerate(pod["containers"]):
        path = f"spec.template.spec.containers[{index}]"
        _check_mounts(container, volumes, path, found)
        _check_port_names(container, path, found)


def _check_mounts(container: Object, volumes: set[str], path: str, found: Findings) -> None:
    for index, mount in enumerate(container.get("volumeMounts") or []):
        if mount["name"] not in volumes:
            reason = f"no volume is called {mount['name']!r}; add it to spec.template.spec.volumes"
            found.problem(f"{path}.volumeMounts[{index}].name", reason)


def _check_port_names(container: Object, path: str, found: Findings) -> None:
    known = {port.get("name") for port in container.get("ports") or []}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        action = container.get(probe) or {}
        for kind in ("httpGet", "tcpSocket"):
            port = (action.get(kind) or {}).get("port")
            if isinstance(port, str) and port not in known:
                reason = f"no port of the container is called {port!r}"
                found.problem(f"{path}.{probe}.{kind}.port", reason)


def _check_service(spec: Object, found: Findings) -> None:
    if spec.get("type") == "ExternalName":
        if not spec.get("externalName"):
            found.problem("spec.externalName", "is missing; set it")
        return
    ports = spec.get("ports") or []
    if not ports:
        found.problem("spec.ports", "is missing; set it")
    if len({port["port"] for port in ports}) != len(ports):
        found.problem("spec.ports", "one port stands twice")
    if len(ports) > 1 and any(not port.get("name") for port in ports):
        found.problem("spec.ports", "each of several ports needs a name")


def _check_base64(document: Object, found: Findings) -> None:
    field = "data" if document["kind"] == "Secret" else "binaryData"
    for key, value in (document.get(field) or {}).items():
        try:
            base64.b64decode(value, validate=True)
        except ValueError:
            found.problem(f"{field}.{key}", "is not base64; use stringData for plain text")
