"""Reading a mounted ConfigMap or Secret: all files of one version, never some of the next."""

import os
from collections.abc import Mapping
from pathlib import Path

_ATTEMPTS = 5
_VERSION = "..data"


def read_mount(directory: Path) -> Mapping[str, str]:
    """Return the directory's files by name; empty where there is no directory.

    kubelet removes the old version right after the swap: a file that is gone means that there
    is a new version to read from.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _read(directory)
        except FileNotFoundError:
            continue
    return _read(directory)


def fingerprint(directory: Path | None) -> object:
    """Return what differs once the directory has another version: cheap enough to ask often."""
    if directory is None:
        return None
    try:
        return os.readlink(directory / _VERSION)  # noqa: PTH115 - 1 µs against 10
    except OSError:
        return _plain_fingerprint(directory)


def _read(directory: Path) -> Mapping[str, str]:
    if not directory.is_dir():
        return {}
    version = directory / _VERSION
    resolved = version.resolve(strict=True) if version.is_symlink() else directory
    files = sorted(path for path in resolved.iterdir() if not path.name.startswith("."))
    return {path.name: path.read_text(encoding="utf-8") for path in files if path.is_file()}


def _plain_fingerprint(directory: Path) -> object:
    """Fingerprint a directory that no kubelet keeps: names, times and sizes."""
    try:
        files = [(entry.name, entry.stat()) for entry in os.scandir(directory)]
    except OSError:
        return None
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in files))
