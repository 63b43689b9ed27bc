"""The environment of a container: clean, then localkube's own, then the manifest's."""

import base64
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localkube.errors import MissingReferenceError
from localkube.objects import Object, Ref
from localkube.store import Store

_VARIABLE = re.compile(r"\$\$|\$\(([-._a-zA-Z0-9]+)\)")
_PROFILES = ("PROFILES_ACTIVE", "SPRING_PROFILES_ACTIVE")
_KEYED_FIELD = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What the downward API can tell of a pod."""

    name: str
    namespace: str
    uid: str
    ip: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def field(self, path: str) -> str:
        """Return a field's value; raise `MissingReferenceError` for one that is not known."""
        if keyed := _KEYED_FIELD.fullmatch(path):
            return (self.labels if keyed[1] == "labels" else self.annotations).get(keyed[2], "")
        known = {
            "metadata.name": self.name,
            "metadata.namespace": self.namespace,
            "metadata.uid": self.uid,
            "status.podIP": self.ip,
            "status.podIPs": self.ip,
            "status.hostIP": "127.0.0.1",
            "spec.nodeName": "localhost",
            "spec.serviceAccountName": "default",
        }
        if path not in known:
            raise MissingReferenceError(f"fieldRef {path}: localkube does not know this field")
        return known[path]


def base_environment(facts: PodFacts, home: Path) -> dict[str, str]:
    """Return what every process gets: nothing of the caller's but the PATH and time zone."""
    beside = str(Path(sys.executable).parent)
    kept = {"TZ": os.environ["TZ"]} if "TZ" in os.environ else {}
    return kept | {
        "PATH": f"{beside}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "HOSTNAME": facts.name,
    }


def manifest_environment(container: Object, facts: PodFacts, store: Store) -> dict[str, str]:
    """Resolve `envFrom`, then `env` in order with `$(VAR)`; raise `MissingReferenceError`."""
    variables: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        prefix = source.get("prefix") or ""
        found = _source(source, facts.namespace, store)
        variables |= {prefix + key: value for key, value in found.items()}
    for entry in container.get("env") or []:
        value = _value(entry, facts, store, variables)
        if value is not None:
            variables[entry["name"]] = value
    return variables


def with_platform_profile(variables: Mapping[str, str]) -> dict[str, str]:
    """Put `kubernetes` in front of the active profiles, as a cluster's own variables would."""
    name = next((name for name in _PROFILES if variables.get(name)), _PROFILES[0])
    active = [part.strip() for part in variables.get(name, "").split(",") if part.strip()]
    profiles = [part for part in active if part != "kubernetes"]
    return {**variables, name: ",".join(["kubernetes", *profiles])}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(VAR)`; `$$` is a dollar, an unknown name stays as it is."""
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[0]) if found[1] else "$", text)


def data_of(kind: str, namespace: str, name: str, store: Store) -> dict[str, bytes] | None:
    """Return the content of a ConfigMap or Secret, or None where there is none."""
    document = store.find(Ref(kind, namespace, name))
    if document is None:
        return None
    encoded = document.get("data" if kind == "Secret" else "binaryData") or {}
    plain = {} if kind == "Secret" else document.get("data") or {}
    decoded = {key: base64.b64decode(value) for key, value in encoded.items()}
    return {key: value.encode() for key, value in plain.items()} | decoded


def required_data(reference: Object, kind: str, namespace: str, store: Store) -> dict[str, bytes]:
    """Return what a reference points at; raise `MissingReferenceError` unless `optional`."""
    name = reference.get("name") or reference["secretName"]
    found = data_of(kind, namespace, name, store)
    if found is None and not reference.get("optional"):
        raise MissingReferenceError(f"{Ref(kind, namespace, name)} does not exist; apply it")
    return found or {}


def _source(source: Object, namespace: str, store: Store) -> dict[str, str]:
    kind, field = (
        ("Secret", "secretRef") if "secretRef" in source else ("ConfigMap", "configMapRef")
    )
    data = required_data(source[field], kind, namespace, store)
    return {key: value.decode() for key, value in data.items()}


def _value(
    entry: Object, facts: PodFacts, store: Store, variables: Mapping[str, str]
) -> str | None:
    origin: Object | None = entry.get("valueFrom")
    if origin is None:
        return expand(entry.get("value") or "", variables)
    if "fieldRef" in origin:
        return facts.field(origin["fieldRef"]["fieldPath"])
    kind, field = (
        ("Secret", "secretKeyRef") if "secretKeyRef" in origin else ("ConfigMap", "configMapKeyRef")
    )
    return _key(origin[field], kind, facts.namespace, store)


def _key(reference: Object, kind: str, namespace: str, store: Store) -> str | None:
    data = required_data(reference, kind, namespace, store)
    if reference["key"] in data:
        return data[reference["key"]].decode()
    if reference.get("optional"):
        return None
    name = Ref(kind, namespace, reference["name"])
    raise MissingReferenceError(f"{name} has no key {reference['key']!r}; add it")
