"""The environment of a container: a clean base, localkube's variables, the manifest's."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localkube.api.objects import Object, annotations_of
from localkube.engine.pods.references import key_of
from localkube.engine.pods.sandbox import REVISION
from localkube.engine.store import Store
from localkube.errors import LocalkubeError

_VARIABLE = re.compile(r"\$\$|\$\(([-._a-zA-Z0-9]+)\)")
_KEYED_FIELD = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
_PROFILES = ("PROFILES_ACTIVE", "SPRING_PROFILES_ACTIVE")


def base_environment(pod: Object, home: Path) -> dict[str, str]:
    """Return the variables of every process; PATH and TZ alone come from the caller."""
    programs = str(Path(sys.executable).parent)
    time_zone = {"TZ": os.environ["TZ"]} if "TZ" in os.environ else {}
    return time_zone | {
        "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "HOSTNAME": pod["metadata"]["name"],
        **_without_byte_code(pod),
    }


def _without_byte_code(pod: Object) -> dict[str, str]:
    """Return what keeps a pod that started after a save from writing byte code.

    Python tells byte code apart by its source's second and length: the next save may have both.
    """
    return {"PYTHONDONTWRITEBYTECODE": "1"} if REVISION in annotations_of(pod) else {}


def manifest_environment(container: Object, pod: Object, store: Store) -> dict[str, str]:
    """Resolve `env` in order with `$(VAR)`; raise `LocalkubeError` for a missing key."""
    variables: dict[str, str] = {}
    for entry in container.get("env", []):
        value = _value(entry, pod, store, variables)
        if value is not None:
            variables[entry["name"]] = value
    return variables


def with_platform_profile(variables: Mapping[str, str]) -> dict[str, str]:
    """Prepend `kubernetes` to the active profiles, which a pod of a cluster detects itself."""
    name = next((name for name in _PROFILES if variables.get(name)), _PROFILES[0])
    active = [part.strip() for part in variables.get(name, "").split(",")]
    profiles = [part for part in active if part not in {"", "kubernetes"}]
    return {**variables, name: ",".join(["kubernetes", *profiles])}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(VAR)`; `$$` is a dollar, an unknown name is left unchanged."""
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[0]) if found[1] else "$", text)


def pod_field(pod: Object, path: str) -> str:
    """Return a field by its downward API path; raise `LocalkubeError` for an unknown one."""
    if keyed := _KEYED_FIELD.fullmatch(path):
        return str(pod["metadata"].get(keyed[1], {}).get(keyed[2], ""))
    value: Any = pod
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, list):  # of addresses: status.podIPs
        value = ",".join(address["ip"] for address in value)
    if not isinstance(value, str):
        raise LocalkubeError(f"fieldRef {path}: unknown field")
    return value


def _value(entry: Object, pod: Object, store: Store, variables: Mapping[str, str]) -> str | None:
    origin = entry.get("valueFrom")
    if origin is None:
        return expand(entry.get("value", ""), variables)
    namespace = pod["metadata"]["namespace"]
    if "configMapKeyRef" in origin:
        return key_of("ConfigMap", namespace, origin["configMapKeyRef"], store)
    if "secretKeyRef" in origin:
        return key_of("Secret", namespace, origin["secretKeyRef"], store)
    return pod_field(pod, origin["fieldRef"]["fieldPath"])
