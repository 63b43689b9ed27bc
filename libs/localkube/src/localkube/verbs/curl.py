"""`curl`: run the machine's curl, with Service names resolved."""

import argparse
import os
import shutil
import urllib.parse

from localkube.api.discovery_table import table
from localkube.control.client import Client
from localkube.errors import LocalkubeError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def curl(options: argparse.Namespace, client: Client) -> int:
    """Replace this process by curl, with each Service's URL routed to its address."""
    program = shutil.which("curl")
    if program is None:
        raise LocalkubeError("curl not found; install it, or use the addresses of: get services -A")
    entries = table(client.list("Service"))
    routes = [word for argument in options.rest for word in _route(argument, entries)]
    # The arguments are curl's and pass unchanged.
    os.execv(program, [program, "--noproxy", "*", *routes, *options.rest])  # noqa: S606
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
    place = host.partition(".svc")[0]
    names = [entry for entry in entries if entry.endswith(f":{port}")]
    found = [e for e in names if e == f"{place}:{port}" or e.split(".")[0] == place]
    if len(found) == 1:
        return entries[found[0]]
    if found:
        raise LocalkubeError(f"{host} exists in several namespaces: {', '.join(sorted(found))}")
    raise LocalkubeError(f"no Service {host} with port {port}; see: ./localkube get services -A")
