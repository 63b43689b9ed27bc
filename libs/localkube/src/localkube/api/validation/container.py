"""Containers: name, ports, environment and mounts."""

import re
from collections.abc import Mapping

from localkube.api.objects import Object
from localkube.api.validation import formats
from localkube.api.validation.field import Field
from localkube.api.validation.handlers import check_handler, check_probe
from localkube.api.validation.resources import check_resources

_PULL_POLICIES = {"Always", "IfNotPresent", "Never"}
_SOURCES = ("fieldRef", "configMapKeyRef", "secretKeyRef")
_FIELDS = {
    *("metadata.name", "metadata.namespace", "metadata.uid"),
    *("spec.nodeName", "spec.serviceAccountName"),
    *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
}
_ELSEWHERE = {
    *("metadata.labels", "metadata.annotations"),
    *("spec.restartPolicy", "spec.schedulerName", "status.phase"),
}
"""Fields of the downward API that are not available in an environment."""
_SUBSCRIPT = re.compile(r"(.*)\['(.*)'\]")


def check_container(
    container: Object, volumes: Mapping[str, Object], grace: int, at: Field
) -> None:
    """Check one container of a pod with these volumes."""
    at.child("name").check(container.get("name"), formats.label)
    if not container.get("image"):
        at.child("image").required()
    _check_ports(container.get("ports", []), at.child("ports"))
    for index, variable in enumerate(container.get("env", [])):
        _check_variable(variable, at.child("env").index(index))
    _check_mounts(container.get("volumeMounts", []), volumes, at.child("volumeMounts"))
    check_resources(container.get("resources", {}), at.child("resources"))
    policy = container.get("imagePullPolicy") or "Always"
    if policy not in _PULL_POLICIES:
        at.child("imagePullPolicy").unsupported(policy, _PULL_POLICIES)
    for hook, action in container.get("lifecycle", {}).items():
        check_handler(action, grace, at.child("lifecycle").child(hook))
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in container:
            check_probe(container[probe], grace, at.child(probe))
            if probe != "readinessProbe" and (found := container[probe].get("successThreshold")):
                at.child(probe).child("successThreshold").invalid(
                    found, *([] if found == 1 else ["must be 1"])
                )


def _check_ports(ports: list[Object], at: Field) -> None:
    names: set[str] = set()
    for index, port in enumerate(ports):
        place = at.index(index)
        if name := port.get("name"):
            wrong = formats.port_name(name)
            place.child("name").invalid(name, *wrong)
            if name in names:
                place.child("name").duplicate(name)
            names |= set() if wrong else {name}
        place.child("containerPort").check(port.get("containerPort"), formats.port_number)


def _check_variable(variable: Object, at: Field) -> None:
    at.child("name").check(variable.get("name"), formats.variable_name)
    if "valueFrom" not in variable:
        return
    origin, at = variable["valueFrom"], at.child("valueFrom")
    given = [source for source in _SOURCES if source in origin]
    for source in given:
        if source == "fieldRef":
            _check_field(origin[source], at.child(source))
        else:
            _check_reference(origin[source], at.child(source))
    if not given:
        known = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        at.invalid("", f"must specify one of: {known}")
    elif variable.get("value"):
        at.invalid("", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        at.invalid("", "may not have more than one field specified at a time")


def _check_field(reference: Object, at: Field) -> None:
    path = reference.get("fieldPath", "")
    if not path:
        at.child("fieldPath").required()
    elif found := _SUBSCRIPT.fullmatch(path):
        if found[1] not in {"metadata.labels", "metadata.annotations"}:
            at.invalid(found[1], "does not support subscript")
        else:
            key = found[2] if found[1] == "metadata.labels" else found[2].lower()
            at.invalid(key, *formats.qualified_name(key))
    elif path in _ELSEWHERE:
        at.child("fieldPath").unsupported(path, _FIELDS)
    elif path not in _FIELDS:
        reason = f"error converting fieldPath: field label not supported: {path}"
        at.child("fieldPath").invalid(path, reason)


def _check_reference(reference: Object, at: Field) -> None:
    name = reference.get("name", "")
    at.child("name").invalid(name, *formats.subdomain(name))
    at.child("key").check(reference.get("key"), formats.config_key)


def _check_mounts(mounts: list[Object], volumes: Mapping[str, Object], at: Field) -> None:
    paths: set[str] = set()
    for index, mount in enumerate(mounts):
        place, name, path = at.index(index), mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            place.child("name").required()
        if name not in volumes:
            place.child("name").not_found(name)
        if not path:
            place.child("mountPath").required()
        if path in paths:
            place.child("mountPath").invalid(path, "must be unique")
        paths.add(path)
