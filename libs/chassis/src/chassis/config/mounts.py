"""Reading a mounted ConfigMap or Secret: all files of one version, never some of the next."""

import os
from collections.abc import Mapping
from pathlib import Path

from chassis.config.errors import ConfigError

_ATTEMPTS = 20
_VERSION = "..data"
_MAX_BYTES = 4 * 1024 * 1024
"""A ConfigMap or Secret holds 1 MiB; a projected volume joins several."""


def read_mount(directory: Path | None) -> Mapping[str, bytes]:
    """Return the directory's files by name; empty where there is no directory.

    kubelet removes the old version right after the swap, file by file: what was read counts only
    if the version was not swapped meanwhile. Raise `ConfigError` where that never happens.
    """
    if directory is None or not directory.is_dir():
        return {}
    for _ in range(_ATTEMPTS):
        version = _version(directory)
        try:
            files = _read(directory / version)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unreadable(directory, error) from error
        if _version(directory) == version:
            return files
    raise ConfigError("changes faster than it can be read", file=str(directory), kind="read")


def fingerprint(directory: Path | None) -> object:
    """Return what differs once the directory has another version: cheap enough to ask often."""
    if directory is None:
        return None
    return _version(directory) or _plain_fingerprint(directory)


def _version(directory: Path) -> str:
    """Return the name of the version kubelet linked; empty in a directory no kubelet keeps."""
    try:
        return os.readlink(directory / _VERSION)  # noqa: PTH115 - 1 µs against 10
    except OSError:
        return ""


def _read(version: Path) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    left = _MAX_BYTES
    for path in sorted(version.iterdir()):
        if not path.name.startswith("..") and path.is_file():
            files[path.name] = _content(path, left)
            left -= len(files[path.name])
    return files


def _content(path: Path, left: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(left + 1)
    if len(content) > left:
        reason = f"makes its mount larger than {_MAX_BYTES} bytes"
        raise ConfigError(reason, file=path.name, kind="parse")
    return content


def _unreadable(directory: Path, error: OSError) -> ConfigError:
    reason = f"can't be read: {error.strerror}"
    return ConfigError(reason, file=str(error.filename or directory), kind="read")


def _plain_fingerprint(directory: Path) -> object:
    """Fingerprint a directory that no kubelet keeps: names, inodes, times and sizes."""
    try:
        found = [(entry.name, entry.stat()) for entry in os.scandir(directory)]
    except OSError:
        return None
    return tuple(sorted((name, s.st_ino, s.st_mtime_ns, s.st_size) for name, s in found))
