"""Admit a document: check it, fill in Kubernetes' defaults, or refuse it in one line."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from localkube.api.allocation import with_allocated
from localkube.api.kinds import NO_EFFECT_KINDS, is_namespaced, require_version, resource_of
from localkube.api.objects import Object, Ref, ref_of
from localkube.api.schema import Findings, check_metadata, check_object
from localkube.api.validation import quoted, validate
from localkube.errors import LocalkubeError, UsageError

REPLICAS = 110
"""The limit of one Deployment's pods: as many as a kubelet runs on its machine (`maxPods`)."""

_TEXTS = frozenset({"data", "binaryData", "stringData", "labels", "annotations", "matchLabels"})
"""Maps of strings: a null in them is an empty string, not an unset field."""
_DEFAULTED = frozenset(
    {
        *("namespace", "type", "protocol", "scheme", "sessionAffinity", "restartPolicy"),
        *("nodePort", "targetPort", "clusterIP"),
    }
)
"""Fields whose empty value or 0 means the default, as if they were unset."""


def admit(
    document: Object, source: str, namespace: str, old: Object | None = None
) -> tuple[Object, set[str]]:
    """Return a checked copy with its namespace set, and the fields or kind without effect.

    `old` is the object that it replaces. Raises `UsageError` that names `source`, object
    and field, and `LocalkubeError` where its resourceVersion is not that of `old`.
    """
    has_no_effect = document["kind"] in NO_EFFECT_KINDS
    if not has_no_effect:
        _check_version(document, old, source)
    require_version(document, f"{source}: {name_of(document)}")
    found = check_metadata(document) if has_no_effect else check_object(document)
    if found.problems:
        raise UsageError(f"{source}: {name_of(document)}: {found.problems[0]}")
    new: Object = _without_nulls(document)
    if is_namespaced(new["kind"]):
        new["metadata"].setdefault("namespace", namespace)
    _fold_data(new, source)
    new = with_allocated(new, old)
    if problems := validate(new, old):
        reason = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        subject = f"The {new['kind']} {quoted(new['metadata'].get('name', ''))}"
        raise UsageError(f"{source}: {subject} is invalid: {reason}")
    _check_machine_limits(new, source)
    return new, {new["kind"]} if has_no_effect else found.without_effect


def _check_version(new: Object, live: Object | None, source: str) -> None:
    """Compare the resourceVersion of a document that has one; raise `LocalkubeError`."""
    metadata = new.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    version = metadata.get("resourceVersion")
    if not version:
        return
    if live is None:
        reason = "resourceVersion should not be set on objects to be created"
        raise UsageError(f"{source}: {new['kind']} {metadata.get('name')}: {reason}")
    # A document that is applied twice in one request has no version yet.
    if str(version) != live["metadata"].get("resourceVersion", str(version)):
        raise LocalkubeError(
            f"Operation cannot be fulfilled on {resource_of(ref_of(live))}: "
            "the object has been modified; "
            "please apply your changes to the latest version and try again"
        )


def name_of(document: Object) -> Ref:
    """Return the name of a document that may be invalid."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    namespace, name = metadata.get("namespace") or "", metadata.get("name") or "?"
    return Ref(document["kind"], str(namespace), str(name))


def _without_nulls(value: Any, parent: str = "") -> Any:
    """Copy a document without its null fields, which are unset as in Kubernetes."""
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if parent in _TEXTS or (parent == "selector" and "matchLabels" not in value):
        return {key: "" if inner is None else inner for key, inner in value.items()}
    return {
        key: _without_nulls(inner, key)
        for key, inner in value.items()
        if inner is not None and (inner or key not in _DEFAULTED)
    }


def _fold_data(document: Object, source: str) -> None:
    """Normalise the base64 of a Secret and ConfigMap, and merge stringData into data."""
    field = {"Secret": "data", "ConfigMap": "binaryData"}.get(document["kind"], "")
    if field in document:
        document[field] = _canonical(document, document[field], source)
    if plain := document.pop("stringData", None):
        encoded = {key: _encoded(text.encode()) for key, text in plain.items()}
        document["data"] = {**document.get("data", {}), **encoded}


def _canonical(document: Object, data: Mapping[str, str], source: str) -> dict[str, str]:
    try:
        return {key: _encoded(_decoded(text)) for key, text in data.items()}
    except ValueError as error:
        kind = document["kind"]
        refusal = f'{kind} in version "v1" cannot be handled as a {kind}: {error}'
        raise UsageError(
            f"{source}: {name_of(document)}: {refusal}; use stringData for plain text"
        ) from None


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decoded(text: str) -> bytes:
    """Decode base64 as Go, which skips line ends; raise `ValueError` with Go's message."""
    try:
        return base64.b64decode(re.sub("[\r\n]", "", text), validate=True)
    except ValueError:
        wrong = re.search(r"[^A-Za-z0-9+/\r\n]", text)
        # The invalid letter, or the start of the incomplete group of four.
        place = wrong.start() if wrong else len(text) // 4 * 4
        raise ValueError(f"illegal base64 data at input byte {place}") from None


def _check_machine_limits(document: Object, source: str) -> None:
    """Refuse what a cluster may accept, but one machine can't run."""
    if document["kind"] != "Deployment":
        return
    found, spec = Findings(), document["spec"]
    if spec.get("replicas", 1) > REPLICAS:
        found.problem(
            "spec.replicas", f"{spec['replicas']} is more than localkube's limit of {REPLICAS}"
        )
    for index, container in enumerate(spec["template"]["spec"]["containers"]):
        _check_probes(container, f"spec.template.spec.containers[{index}]", found)
    if found.problems:
        raise UsageError(f"{source}: {name_of(document)}: {found.problems[0]}")


def _check_probes(container: Object, path: str, found: Findings) -> None:
    known = {port.get("name") for port in container.get("ports", [])}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        for action in ("httpGet", "tcpSocket"):
            port = container.get(probe, {}).get(action, {}).get("port")
            if isinstance(port, str) and port not in known:
                reason = f"no port of the container is called {port!r}"
                found.problem(f"{path}.{probe}.{action}.port", reason)
