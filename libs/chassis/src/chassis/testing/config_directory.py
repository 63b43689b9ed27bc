"""A mounted ConfigMap or Secret whose versions are swapped as kubelet does it."""

import itertools
import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

_DATA, _NEXT = "..data", "..data_tmp"

Files = Mapping[str, object]
"""The text of each file by its name; anything but a text is written as YAML."""


class ConfigDirectory:
    """A mounted volume: `..data` links to the version, each key to its file below `..data`."""

    def __init__(self, path: Path, files: Files) -> None:
        self.path = path
        self._versions = itertools.count(1)
        self._files: dict[str, str] = {}
        path.mkdir(parents=True, exist_ok=True)
        self.swap(files)

    def swap(self, files: Files) -> bool:
        """Replace all files at once. Returns False without writing if nothing differs."""
        texts = {name: _text(content) for name, content in files.items()}
        if texts == self._files:
            return False
        old = self.path / (self.path / _DATA).readlink() if self._files else None
        new = self.path / f"..2026_01_31_12_00_00.{next(self._versions):010d}"
        _write(new, texts)
        (self.path / _NEXT).symlink_to(new.name)
        (self.path / _NEXT).rename(self.path / _DATA)
        self._link_keys(texts)
        if old is not None:
            shutil.rmtree(old)
        self._files = texts
        return True

    def _link_keys(self, files: Mapping[str, str]) -> None:
        for name in files.keys() - self._files.keys():
            (self.path / name).symlink_to(f"{_DATA}/{name}")
        for name in self._files.keys() - files.keys():
            (self.path / name).unlink()


def _write(directory: Path, files: Mapping[str, str]) -> None:
    directory.mkdir()
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")


def _text(content: object) -> str:
    return content if isinstance(content, str) else yaml.safe_dump(content)
