"""Read the ConfigMaps and Secrets that pods reference."""

import base64
import os
import posixpath

from localkube.api.objects import Object, referenced
from localkube.engine.store import Store
from localkube.errors import LocalkubeError


def data_of(kind: str, namespace: str, reference: Object, store: Store) -> dict[str, bytes]:
    """Return the data of a referenced object; raise `LocalkubeError` unless `optional`."""
    ref = referenced(kind, namespace, reference)
    document = store.find(ref)
    if document is None:
        if reference.get("optional"):
            return {}
        raise LocalkubeError(f"{ref} does not exist; apply it")
    encoded = document.get("data" if kind == "Secret" else "binaryData", {})
    plain = document.get("data", {}) if kind == "ConfigMap" else {}
    decoded = {key: base64.b64decode(value) for key, value in encoded.items()}
    return {key: value.encode() for key, value in plain.items()} | decoded


def files_of(kind: str, namespace: str, reference: Object, store: Store) -> dict[str, bytes]:
    """Return the files of a volume's source by path: all keys, or its `items`."""
    data = data_of(kind, namespace, reference, store)
    items = reference.get("items")
    if items is None:
        return data
    optional = reference.get("optional")
    if missing := [item["key"] for item in items if item["key"] not in data and not optional]:
        ref = referenced(kind, namespace, reference)
        raise LocalkubeError(f"{ref} has no key {missing[0]!r}; add it")
    return {
        posixpath.normpath(item["path"]): data[item["key"]] for item in items if item["key"] in data
    }


def key_of(kind: str, namespace: str, reference: Object, store: Store) -> str | None:
    """Return one key's text, None for an optional one; raise `LocalkubeError`."""
    data = data_of(kind, namespace, reference, store)
    if reference["key"] in data:
        # Bytes that are not UTF-8 reach the environment unchanged.
        return os.fsdecode(data[reference["key"]])
    if reference.get("optional"):
        return None
    ref = referenced(kind, namespace, reference)
    raise LocalkubeError(f"{ref} has no key {reference['key']!r}; add it")
