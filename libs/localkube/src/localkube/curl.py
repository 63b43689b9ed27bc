"""`curl`: the machine's curl, with Service names resolved to where they listen."""

import os
import shutil
import urllib.parse
from collections.abc import Sequence

from localkube.client import Client
from localkube.discovery_table import table
from localkube.errors import LocalkubeError, NotFoundError

_CLUSTER = ".svc"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def curl(arguments: Sequence[str], client: Client) -> int:
    """Replace this process by curl; every URL that names a Service goes to it."""
    program = shutil.which("curl")
    if program is None:
        raise LocalkubeError("curl not found; install it, or use the addresses of: get services -A")
    entries = table(client.list("Service"))
    routes = [word for url in arguments for word in _route(url, entries)]
    # What people type is for curl as it is.
    os.execv(program, [program, "--noproxy", "*", *routes, *arguments])  # noqa: S606
    return 0


def _route(argument: str, entries: dict[str, str]) -> list[str]:
    if not argument.startswith(("http://", "https://")):
        return []
    url = urllib.parse.urlsplit(argument)
    host, port = url.hostname or "", url.port or _DEFAULT_PORTS[url.scheme]
    if host == "localhost" or host.replace(".", "").isdigit():
        return []
    return ["--connect-to", f"{host}:{port}:{resolve(host, port, entries)}"]


def resolve(host: str, port: int, entries: dict[str, str]) -> str:
    """Return `ip:port` of a Service by `name`, `name.namespace` or full name."""
    name, _, namespace = host.partition(_CLUSTER)[0].partition(".")
    found = {
        key: address
        for key, address in entries.items()
        if key.startswith(f"{name}.{namespace}") and _fits(key, name, namespace, port)
    }
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise LocalkubeError(f"{host} stands in several namespaces: {', '.join(sorted(found))}")
    raise NotFoundError(f"no Service {host} with port {port}; see: localkube get services -A")


def _fits(key: str, name: str, namespace: str, port: int) -> bool:
    place, _, listed = key.rpartition(":")
    its_name, _, its_namespace = place.partition(".")
    return its_name == name and namespace in {"", its_namespace} and listed == str(port)
