"""Read manifests: files, directories, and the `resources` lists of kustomization files."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from localkube.errors import ManifestError
from localkube.kinds import MANIFEST_KINDS, NO_EFFECT_KINDS
from localkube.objects import Object

KUSTOMIZATION = "kustomization.yaml"
_FOLLOWED = frozenset({"apiVersion", "kind", "resources"})


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen at run time
    """Reads YAML as Kubernetes does: a date is a string."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in _Loader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document and where it was read."""

    file: str
    document: Object


def read(path: str) -> list[Manifest]:
    """Read a file, a directory, or standard input for `-`; raise `ManifestError`."""
    if path == "-":
        return list(_documents("standard input", sys.stdin.read()))
    found = Path(path)
    if found.is_dir():
        return list(_directory(found))
    return list(_file(found))


def parse(text: str, source: str) -> list[Any]:
    """Parse every YAML document of a text; raise `ManifestError` with the line."""
    try:
        return [part for part in yaml.load_all(text, _Loader) if part is not None]  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ManifestError(f"{source}{line}: not valid YAML: {reason}") from None


def _directory(directory: Path) -> Iterator[Manifest]:
    kustomization = directory / KUSTOMIZATION
    if kustomization.exists():
        yield from _kustomization(kustomization)
        return
    files = [path for path in sorted(directory.iterdir()) if path.suffix in {".yaml", ".yml"}]
    if not files:
        raise ManifestError(f"{directory}: holds no manifests; name a directory with YAML files")
    for path in files:
        yield from _file(path)


def _kustomization(path: Path) -> Iterator[Manifest]:
    documents = parse(_text(path), str(path))
    content = documents[0] if documents and isinstance(documents[0], dict) else {}
    for field in content:
        if field not in _FOLLOWED:
            raise ManifestError(
                f"{path}: localkube does not implement the kustomize field {field!r}; "
                f"run: kubectl kustomize {path.parent} | localkube apply -f -"
            )
    for resource in content.get("resources") or []:
        target = path.parent / str(resource)
        yield from _directory(target) if target.is_dir() else _file(target)


def _file(path: Path) -> Iterator[Manifest]:
    return _documents(str(path), _text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise ManifestError(f"{path}: is not UTF-8 text; save it as UTF-8") from None


def _documents(source: str, text: str) -> Iterator[Manifest]:
    for document in parse(text, source):
        if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
            raise ManifestError(f"{source}: a document without kind; it is no manifest")
        if document["kind"] == "List":
            yield from (_known(source, item) for item in document.get("items") or [])
        else:
            yield _known(source, document)


def _known(source: str, document: Object) -> Manifest:
    kind = document.get("kind")
    if kind in MANIFEST_KINDS or kind in NO_EFFECT_KINDS:
        return Manifest(source, document)
    metadata = document.get("metadata")
    name = metadata.get("name", "?") if isinstance(metadata, dict) else "?"
    raise ManifestError(
        f"{source}: {kind} {name}: localkube does not implement the kind {kind}; "
        "leave it out, or use a cluster"
    )
