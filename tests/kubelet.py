"""Changes a mounted ConfigMap or Secret step by step, as kubelet does."""

import itertools
import shutil
from collections.abc import Mapping
from pathlib import Path

_DATA, _NEXT = "..data", "..data_tmp"


class ConfigMapVolume:
    """A mounted volume: `..data` links to the version, each key to its file below `..data`."""

    def __init__(self, path: Path, files: Mapping[str, str]) -> None:
        self.path = path
        self._versions = itertools.count(1)
        self._files: Mapping[str, str] = {}
        path.mkdir(parents=True, exist_ok=True)
        self.update(files)

    def update(self, files: Mapping[str, str]) -> bool:
        """Swap to a new version. Returns False without writing if nothing differs."""
        if files == self._files:
            return False
        old = self.path / (self.path / _DATA).readlink() if self._files else None
        new = self.path / f"..2026_01_31_12_00_00.{next(self._versions):010d}"
        self._write(new, files)
        (self.path / _NEXT).symlink_to(new.name)
        (self.path / _NEXT).rename(self.path / _DATA)
        self._link_keys(files)
        if old is not None:
            shutil.rmtree(old)
        self._files = dict(files)
        return True

    def _write(self, directory: Path, files: Mapping[str, str]) -> None:
        directory.mkdir()
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")

    def _link_keys(self, files: Mapping[str, str]) -> None:
        for name in files.keys() - self._files.keys():
            (self.path / name).symlink_to(f"{_DATA}/{name}")
        for name in self._files.keys() - files.keys():
            (self.path / name).unlink()
