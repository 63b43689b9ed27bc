"""The contents of an image's layers from `docker save`, for comparison."""

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WHITEOUT = ".wh."


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's digest, and the file-system attributes of each member."""

    digest: str
    members: Mapping[str, Mapping[str, Any]]

    @property
    def only_removes(self) -> bool:
        """Return whether it adds no file. The builder then sets the times of its members."""
        return all(
            member["type"] == tarfile.DIRTYPE or _WHITEOUT in name
            for name, member in self.members.items()
        )


def layers_of(docker: str, image: str, directory: Path) -> Sequence[Layer]:
    """Return an image's layers, lowest first. The saved image is written to `directory`."""
    archive = directory / "image.tar"
    subprocess.run([docker, "save", "--output", archive, image], check=True)
    with tarfile.open(archive) as saved:
        (manifest,) = json.load(_member(saved, "manifest.json"))
        return [_layer(_member(saved, name)) for name in manifest["Layers"]]


def differences(first: Layer, second: Layer) -> Sequence[str]:
    """Describe the differing members. Times are ignored if a layer only removes files."""
    ignored = {"mtime"} if first.only_removes and second.only_removes else set()
    names = sorted(first.members.keys() | second.members.keys())
    found = [
        f"{name}: {said}" for name in names if (said := _differs(first, second, name, ignored))
    ]
    if not (found or ignored or first.digest == second.digest):
        return ["the same members in another order"]
    return found


def _differs(first: Layer, second: Layer, name: str, ignored: set[str]) -> str:
    one, other = first.members.get(name), second.members.get(name)
    if one is None or other is None:
        return "only in one of them"
    return ", ".join(key for key in one if key not in ignored and one[key] != other[key])


def _layer(file: Any) -> Layer:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    file.seek(0)
    with tarfile.open(fileobj=file) as layer:
        return Layer(digest.hexdigest(), {m.name: _facts(layer, m) for m in layer})


def _facts(layer: tarfile.TarFile, member: tarfile.TarInfo) -> Mapping[str, Any]:
    content = layer.extractfile(member) if member.isreg() else None
    facts = {key: getattr(member, key) for key in ("type", "mode", "uid", "gid", "mtime", "size")}
    return facts | {
        "link": member.linkname,
        "attributes": member.pax_headers,
        "content": hashlib.sha256(content.read()).hexdigest() if content else "",
    }


def _member(saved: tarfile.TarFile, name: str) -> Any:
    file = saved.extractfile(name)
    assert file is not None, f"no {name} in the saved image"
    return file
