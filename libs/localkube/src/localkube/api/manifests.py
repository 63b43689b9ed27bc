"""Read manifests: files, directories, and the `resources` lists of kustomization files."""

import sys
from collections.abc import Iterator
from pathlib import Path

from localkube.api.kinds import MANIFEST_KINDS, NO_EFFECT_KINDS
from localkube.api.objects import Object
from localkube.api.yaml_reader import parse
from localkube.errors import UsageError

Manifest = tuple[str, Object]
"""The source of a document, and the document."""


def read(path: str) -> list[Manifest]:
    """Read a file, a directory, or standard input for `-`; raise `UsageError`."""
    if path == "-":
        return list(_documents("standard input", _text(sys.stdin.buffer.read(), "standard input")))
    try:
        return list(_read(Path(path)))
    except OSError as error:  # a directory on the way that may not be searched, a name too long
        raise _unreadable(path, error) from None


def read_text(path: Path) -> str:
    """Read a text file; raise `UsageError`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    return _text(content, str(path))


def _unreadable(path: Path | str, error: OSError) -> UsageError:
    return UsageError(f"{path}: {error.strerror}; check the path")


def _text(content: bytes, source: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{source}: is not UTF-8 text; save it as UTF-8") from None


def _read(path: Path, within: tuple[Path, ...] = ()) -> Iterator[Manifest]:
    """Read a file or directory; `within` are the directories on the way to it."""
    if not path.is_dir():
        yield from _documents(str(path), read_text(path))
        return
    listed = path / "kustomization.yaml"
    files = _resources(listed) if listed.exists() else sorted(path.glob("*.y*ml"))
    if not files:
        raise UsageError(f"{path}: no manifests found; name a directory with YAML files")
    if (here := path.resolve()) in within:
        raise UsageError(f"{path}: cycle detected in its resources")
    for file in files:
        yield from _read(file, (*within, here))


def _resources(kustomization: Path) -> list[Path]:
    content = (parse(read_text(kustomization), str(kustomization)) or [{}])[0]
    resources = content.get("resources") or [] if isinstance(content, dict) else None
    if not isinstance(resources, list):
        raise UsageError(f"{kustomization}: invalid kustomization; write a list of resources")
    for field in content:
        if field not in {"apiVersion", "kind", "resources"}:
            raise UsageError(
                f"{kustomization}: localkube does not implement the kustomize field {field!r}; "
                f"run: kubectl kustomize {kustomization.parent} | ./localkube apply -f -"
            )
    return [kustomization.parent / str(resource) for resource in resources]


def _documents(source: str, text: str) -> Iterator[Manifest]:
    for document in parse(text, source):
        if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
            raise UsageError(f"{source}: a document without kind is not a manifest")
        items = document.get("items") or [] if document["kind"] == "List" else [document]
        if not isinstance(items, list):
            raise UsageError(f"{source}: List: items must be a list")
        for item in items:
            if not isinstance(item, dict):
                raise UsageError(f"{source}: List: an item must be an object")
            _check_kind(source, item)
            yield source, item


def _check_kind(source: str, document: Object) -> None:
    kind, metadata = document.get("kind"), document.get("metadata")
    if kind not in (*MANIFEST_KINDS, *NO_EFFECT_KINDS):
        name = metadata.get("name", "?") if isinstance(metadata, dict) else "?"
        refusal = f"localkube does not implement the kind {kind}; leave it out, or use a cluster"
        raise UsageError(f"{source}: {kind} {name}: {refusal}")
