"""Services listed in a table, for processes on one machine."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import structlog

from chassis.discovery.errors import LookupFailedError
from chassis.discovery.interface import Address
from chassis.discovery.named import Directory

_log = structlog.get_logger("chassis.discovery")


class StaticDirectory(Directory):
    """Find services in a JSON file, `{"name.namespace:port": "ip:port"}`.

    The file is read again when it changes. An invalid version is logged, and the last valid one
    stays in use. A file that was never readable is a failure, not an empty table.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._name = path, str(path)
        self._version: tuple[int, int, int] | None = None
        self._table: Mapping[str, Address] | None = None

    async def service(self, name: str, namespace: str, port: int) -> Address | None:
        """Return the table's entry."""
        return self._current().get(f"{name}.{namespace}:{port}")

    async def host(self, name: str, port: int) -> Address | None:
        """Return the name itself if it has a dot, for the system's resolver."""
        return Address(name, port) if "." in name else None

    def _current(self) -> Mapping[str, Address]:
        try:
            version = self._stat()
            if version != self._version:
                self._version = version
                self._table = _read(self._path)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            _log.warning("discovery table unusable", table=str(self._path), reason=str(error))
        if self._table is None:
            raise LookupFailedError(f"{self._path}: no usable discovery table")
        return self._table

    def _stat(self) -> tuple[int, int, int]:
        stat = os.stat(self._name)  # noqa: PTH116 - at each call, and pathlib takes as long again
        return stat.st_mtime_ns, stat.st_ino, stat.st_size


def _read(path: Path) -> Mapping[str, Address]:
    entries: Mapping[str, str] = json.loads(path.read_bytes())
    return {name: _address(value) for name, value in entries.items()}


def _address(value: str) -> Address:
    host, _, port = value.rpartition(":")
    return Address(host, int(port))
