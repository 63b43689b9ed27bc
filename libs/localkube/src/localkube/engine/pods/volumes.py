"""Volumes: directories that are updated atomically as by kubelet, and their mounts."""

import datetime as dt
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localkube.api.objects import Object, sources_of
from localkube.engine.pods.references import files_of
from localkube.engine.store import Store
from localkube.errors import LocalkubeError

DEFAULT_MODE = 0o644
_DATA, _NEXT = "..data", "..data_tmp"
_MASKS = {"ConfigMap": 0o777, "Secret": 0o700}
"""Permitted mode bits: only the owner may read a Secret, also on a shared machine."""


def prepare(volumes: list[Object], directory: Path, namespace: str, store: Store) -> None:
    """Update a pod's volumes; raise `LocalkubeError` where a source is missing.

    All other volumes are updated before it raises.
    """
    failures = []
    for volume in volumes:
        try:
            _prepare(volume, directory / volume["name"], namespace, store)
        except (LocalkubeError, OSError) as error:
            failures.append(error)
    if failures:
        raise failures[0]


def _prepare(volume: Object, target: Path, namespace: str, store: Store) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    files: dict[str, bytes] = {}
    mask = 0o777
    for kind, reference in sources_of(volume):
        files |= files_of(kind, namespace, reference, store)
        mask &= _MASKS[kind]
    if source := volume.get("configMap") or volume.get("secret") or volume.get("projected"):
        publish(target, files, source.get("defaultMode", DEFAULT_MODE) & mask)


def publish(target: Path, files: Mapping[str, bytes], mode: int = 0o644) -> bool:
    """Replace a directory's content as kubelet's atomic writer; False when nothing changed.

    Readers see the change at one moment: the rename of `..data_tmp` over `..data`.
    """
    current = target / _DATA
    old = current.resolve() if current.exists() else None
    if old is not None and _content(old) == files:
        return False
    now = dt.datetime.now(dt.UTC)
    fresh = target / f"..{now:%Y_%m_%d_%H_%M_%S}.{now.microsecond:06d}{os.urandom(2).hex()}"
    fresh.mkdir(mode=0o700)
    try:
        for name, content in files.items():
            _write(fresh / name, content, mode)
    except OSError:  # one path is a file and a directory
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    (target / _NEXT).unlink(missing_ok=True)
    (target / _NEXT).symlink_to(fresh.name)
    (target / _NEXT).rename(current)
    _link(target, {name.partition("/")[0] for name in files})
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
    return True


@dataclass(frozen=True, slots=True)
class Mounts:
    """The directories of a container's mount paths on this machine."""

    directories: Mapping[str, Path]

    @classmethod
    def of(cls, container: Object, volumes: Path) -> "Mounts":
        """Read a container's volumeMounts; `volumes` is the pod's directory of volumes."""
        mounts = container.get("volumeMounts", [])
        return cls({mount["mountPath"].rstrip("/"): volumes / mount["name"] for mount in mounts})

    def rewrite(self, text: str) -> str:
        """Replace each mount path in a text, not parts of longer paths."""
        if not self.directories:
            return text
        longest_first = sorted(self.directories, key=len, reverse=True)
        paths = "|".join(re.escape(path) for path in longest_first)
        pattern = rf"(?<![\w./-])({paths})(?![\w.-])"
        return re.sub(pattern, lambda found: str(self.directories[found[1]]), text)


def _content(directory: Path) -> dict[str, bytes]:
    found = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is private until it has its mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)


def _link(target: Path, names: set[str]) -> None:
    for name in names:
        if not (target / name).is_symlink():
            (target / name).symlink_to(f"{_DATA}/{name}")
    for path in target.iterdir():
        if path.is_symlink() and path.name not in names | {_DATA}:
            path.unlink()
