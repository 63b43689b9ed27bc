"""The sources of an image: the files below its folders, and what a save changed in them."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path

from watchfiles import Change, DefaultFilter

LARGEST = 1024 * 1024
"""Bytes of a file that is compared by content; a larger one is by size and time."""

Files = Mapping[Path, bytes]
_ignored = DefaultFilter()


@dataclass(frozen=True)
class Sources:
    """The content of an image's sources at one time."""

    files: Files

    @cached_property
    def revision(self) -> str:
        """Return a digest of all names and contents."""
        digest = hashlib.sha256()
        for path, content in sorted(self.files.items()):
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:16]

    def changed_since(self, old: "Sources") -> list[Path]:
        """Return the files that are new or different, then those that are gone."""
        changed = [path for path, text in self.files.items() if old.files.get(path) != text]
        return sorted(changed) + sorted(old.files.keys() - self.files.keys())

    def first_change(self, old: "Sources") -> tuple[Path, int]:
        """Return the file and line where the first change since `old` begins."""
        path = self.changed_since(old)[0]
        before, after = old.files.get(path, b""), self.files.get(path, b"")
        pairs = zip_longest(before.splitlines(), after.splitlines())
        lines = (number for number, (was, now) in enumerate(pairs, start=1) if was != now)
        return path, next(lines, 1)


def is_source(path: str, folder: Path) -> bool:
    """Say whether a file below a folder is a source: no byte code, no editor's temporary file."""
    return _ignored(Change.modified, os.path.relpath(path, folder))


def read_folder(folder: Path) -> Files:
    """Read the sources below a folder; none where it does not exist."""
    return {path: content for path in _walk(folder) if (content := _content(path)) is not None}


def joined(folders: Iterable[Files]) -> Sources:
    """Return the sources of several folders."""
    return Sources({path: text for files in folders for path, text in files.items()})


def discard_bytecode(paths: Iterable[Path]) -> None:
    """Delete what Python compiled from the files.

    By default it takes the byte code of a file with the same size and the same second of change.
    """
    for path in paths:
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink(missing_ok=True)


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if is_source(f"{place}/{name}", folder)]
        yield from (Path(place, name) for name in names if is_source(f"{place}/{name}", folder))


def _content(path: Path) -> bytes | None:
    """Return a file's content, None where it was removed meanwhile or is no file."""
    try:
        status = path.stat()
        if status.st_size > LARGEST:
            return f"{status.st_size} {status.st_mtime_ns}".encode()
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None
