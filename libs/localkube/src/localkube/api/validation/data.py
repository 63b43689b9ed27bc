"""ConfigMaps and Secrets: keys, size and immutability."""

import base64
import json
from collections.abc import Mapping

from localkube.api.objects import Object
from localkube.api.validation import formats
from localkube.api.validation.field import Field

LIMIT_BYTES = 1024 * 1024
"""The limit of all values of one ConfigMap or Secret together."""

_NEEDED = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
}
_ACCOUNT = "kubernetes.io/service-account.name"


def check_config_map(new: Object, old: Object | None, at: Field) -> None:
    """Check a ConfigMap."""
    _check_immutable(new, old, ("data", "binaryData"), at)
    plain, encoded = new.get("data", {}), new.get("binaryData", {})
    for key in plain:
        at.child("data").key(key).invalid(key, *formats.config_key(key))
        if key in encoded:
            at.child("data").key(key).invalid(key, "duplicate of key present in binaryData")
    for key in encoded:
        at.child("binaryData").key(key).invalid(key, *formats.config_key(key))
    if sum(len(text.encode()) for text in plain.values()) + _decoded(encoded) > LIMIT_BYTES:
        # The error is about the whole object.
        at.child("[]").too_long(LIMIT_BYTES)


def check_secret(new: Object, old: Object | None, at: Field) -> None:
    """Check a Secret, whose stringData is already merged into its data."""
    kind = new.get("type") or "Opaque"
    if old is not None and kind != old.get("type", "Opaque"):
        at.child("type").invalid(kind, "field is immutable")
    _check_immutable(new, old, ("data",), at)
    data = new.get("data", {})
    for key in data:
        at.child("data").key(key).invalid(key, *formats.config_key(key))
    if _decoded(data) > LIMIT_BYTES:
        at.child("data").too_long(LIMIT_BYTES)
    _check_type(kind, new, at)


def _check_immutable(new: Object, old: Object | None, fields: tuple[str, ...], at: Field) -> None:
    if old is None or not old.get("immutable"):
        return
    changed = [name for name in fields if new.get(name, {}) != old.get(name, {})]
    for name in changed if new.get("immutable") else ["immutable", *changed]:
        at.child(name).forbidden("field is immutable when `immutable` is set")


def _check_type(kind: str, secret: Object, at: Field) -> None:
    data, place = secret.get("data", {}), at.child("data")
    for key in _NEEDED.get(kind, ()):
        if not data.get(key) if kind == "kubernetes.io/ssh-auth" else key not in data:
            place.key(key).required()
        elif key.startswith(".docker") and not _is_object(base64.b64decode(data[key])):
            place.key(key).invalid("<secret contents redacted>", "must be a JSON object")
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        place.key("username").required()
        place.key("password").required()
    annotations = secret["metadata"].get("annotations", {})
    if kind == "kubernetes.io/service-account-token" and not annotations.get(_ACCOUNT):
        at.child("metadata").child("annotations").key(_ACCOUNT).required()


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict | None)
    except ValueError:
        return False


def _decoded(encoded: Mapping[str, str]) -> int:
    return sum(len(base64.b64decode(value)) for value in encoded.values())
