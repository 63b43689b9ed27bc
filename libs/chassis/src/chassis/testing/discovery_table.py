"""Discovery in tests: the addresses of other services in a table (`discovery.mode: static`)."""

import json
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

_NAMESPACE, _PORT = "default", 80


class DiscoveryTable(MutableMapping[str, str]):
    """The addresses by name, in a file that a service under test reads at each change.

    A name is `service`, `service.namespace` or `service.namespace:port`, an address a URL or
    `host:port`. Without more the namespace is `default` and the port 80.
    """

    def __init__(self, path: Path, services: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._addresses = {_full(name): _host(url) for name, url in (services or {}).items()}
        self._write()

    @property
    def settings(self) -> Mapping[str, str]:
        """Return the settings of a service that reads this table."""
        return {"discovery.mode": "static", "discovery.table": str(self._path)}

    def __getitem__(self, name: str) -> str:
        return self._addresses[_full(name)]

    def __setitem__(self, name: str, url: str) -> None:
        self._addresses[_full(name)] = _host(url)
        self._write()

    def __delitem__(self, name: str) -> None:
        del self._addresses[_full(name)]
        self._write()

    def __iter__(self) -> Iterator[str]:
        return iter(self._addresses)

    def __len__(self) -> int:
        return len(self._addresses)

    def _write(self) -> None:
        # A rename, so that no service reads half a table.
        fresh = self._path.with_name(f".{self._path.name}")
        fresh.write_text(json.dumps(self._addresses), encoding="utf-8")
        fresh.replace(self._path)


def _full(name: str) -> str:
    host, _, port = name.partition(":")
    qualified = host if "." in host else f"{host}.{_NAMESPACE}"
    return f"{qualified}:{port or _PORT}"


def _host(url: str) -> str:
    return urlsplit(url).netloc if "://" in url else url
