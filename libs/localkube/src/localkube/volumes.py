"""Volumes: directories that change the way kubelet changes them, and where pods find them."""

import datetime as dt
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localkube.environment import required_data
from localkube.errors import MissingReferenceError
from localkube.objects import Object
from localkube.store import Store

_DATA, _NEXT = "..data", "..data_tmp"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a mounted ConfigMap or Secret."""

    content: bytes
    mode: int


def prepare(volumes: list[Object], directory: Path, namespace: str, store: Store) -> None:
    """Bring a pod's volumes up to date; raise `MissingReferenceError` where a source lacks."""
    for volume in volumes:
        target = directory / volume["name"]
        target.mkdir(parents=True, exist_ok=True)
        if "emptyDir" not in volume:
            publish(target, _files(volume, namespace, store))


def refers_to(volumes: list[Object], kind: str, name: str) -> bool:
    """Say whether a ConfigMap or Secret is among the volumes."""
    if kind == "ConfigMap":
        return any((v.get("configMap") or {}).get("name") == name for v in volumes)
    return any((v.get("secret") or {}).get("secretName") == name for v in volumes)


def publish(target: Path, files: Mapping[str, File]) -> bool:
    """Swap a directory's content as kubelet's atomic writer does; False when nothing changed.

    The rename of `..data_tmp` over `..data` is the only moment at which anything changes.
    """
    current = target / _DATA
    if current.exists() and _read(current) == files:
        return False
    now = dt.datetime.now(dt.UTC)
    fresh = target / f"..{now:%Y_%m_%d_%H_%M_%S}.{now.microsecond:06d}{os.urandom(2).hex()}"
    for name, file in files.items():
        _write(fresh / name, file)
    fresh.mkdir(exist_ok=True)
    old = current.resolve() if current.exists() else None
    (target / _NEXT).unlink(missing_ok=True)
    (target / _NEXT).symlink_to(fresh.name)
    (target / _NEXT).rename(current)
    _link(target, {name.split("/")[0] for name in files})
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
    return True


@dataclass(frozen=True, slots=True)
class Mounts:
    """Where a container's mount paths are on this machine."""

    directories: Mapping[str, Path]

    @classmethod
    def of(cls, container: Object, volumes: Path) -> "Mounts":
        """Read a container's volumeMounts; `volumes` is the pod's directory of them."""
        mounts = container.get("volumeMounts") or []
        return cls({mount["mountPath"]: volumes / mount["name"] for mount in mounts})

    def rewrite(self, text: str) -> str:
        """Replace each mount path in a text, where it stands as a path of its own."""
        if not self.directories:
            return text
        longest_first = sorted(self.directories, key=len, reverse=True)
        paths = "|".join(re.escape(path) for path in longest_first)
        pattern = rf"(?<![\w./-])({paths})(?![\w.-])"
        return re.sub(pattern, lambda found: str(self.directories[found[1]]), text)


def _files(volume: Object, namespace: str, store: Store) -> dict[str, File]:
    kind, source = ("Secret", "secret") if "secret" in volume else ("ConfigMap", "configMap")
    reference = volume[source]
    data = required_data(reference, kind, namespace, store)
    mode = reference.get("defaultMode", 0o644)
    if not reference.get("items"):
        return {key: File(content, mode) for key, content in data.items()}
    return {
        item["path"]: File(_item(data, item["key"], reference), item.get("mode", mode))
        for item in reference["items"]
        if item["key"] in data or not reference.get("optional")
    }


def _item(data: Mapping[str, bytes], key: str, reference: Object) -> bytes:
    if key not in data:
        name = reference.get("name") or reference["secretName"]
        raise MissingReferenceError(f"{name} has no key {key!r}, which a volume asks for; add it")
    return data[key]


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)
    path.chmod(file.mode)


def _read(directory: Path) -> dict[str, File]:
    return {
        str(path.relative_to(directory)): File(path.read_bytes(), path.stat().st_mode & 0o7777)
        for path in directory.rglob("*")
        if path.is_file()
    }


def _link(target: Path, names: set[str]) -> None:
    for name in names:
        if not (target / name).is_symlink():
            (target / name).symlink_to(f"{_DATA}/{name}")
    for path in target.iterdir():
        if path.is_symlink() and path.name not in names | {_DATA}:
            path.unlink()
