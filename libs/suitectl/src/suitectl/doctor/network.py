"""Loopback: its addresses, node ports that are taken, and proxies that would capture it."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import sys
from pathlib import Path
from typing import Iterator, Mapping

from suitectl.doctor.finding import Finding, good, missing, odd
from suitectl.doctor.processes import Process, listener

_NODE_PORT = re.compile(r"^\s*nodePort: (\d+)", re.MULTILINE)
_NOT_PROXIED = "localhost,127.0.0.0/8"
_SAMPLES = ("127.0.0.1", "127.10.128.1")
"""A node port's address and a Service's."""


def check(root: Path) -> Iterator[Finding]:
    """Look at what localkube listens on."""
    yield loopback()
    for port in node_ports(root):
        yield node_port(port)
    yield from proxies(os.environ)


def loopback(address: str = "127.9.9.9") -> Finding:
    """Bind what localkube binds: an address of 127.0.0.0/8, else ports of 127.0.0.1."""
    if _binds("127.0.0.1", 0) is not None:
        return missing("127.0.0.1 cannot be bound", "sudo ip link set lo up")
    if _binds(address, 0) is None:
        return good("127.x addresses")
    if sys.platform == "linux":
        return odd(
            f"{address} cannot be bound: pods share 127.0.0.1",
            "sudo ip addr add 127.0.0.1/8 dev lo",
        )
    return good("ports of 127.0.0.1")


def node_ports(root: Path) -> list[int]:
    """Return the node ports of the manifests."""
    texts = (file.read_text(encoding="utf-8") for file in root.glob("k8s/base/**/*.yaml"))
    return sorted({int(number) for text in texts for number in _NODE_PORT.findall(text)})


def node_port(port: int) -> Finding:
    """Say who has a node port."""
    if _binds("127.0.0.1", port) is None:
        return good(f"port {port}")
    holder = listener(port) or Process(0, "another user's process")
    if holder.is_localkube:
        return good(f"port {port} (a running suite)")
    text = f"port {port} is taken by {holder}: make up takes the next free one"
    return odd(text, f"kill {holder.pid}" if holder.pid else f"sudo lsof -i TCP:{port}")


def proxies(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Say whether a proxy variable captures requests to this machine."""
    names = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
    name = next((name for name in names if environment.get(name)), None)
    if name is None:
        return
    excepted = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if all(_excepted(address, excepted) for address in _SAMPLES):
        yield good("NO_PROXY")
        return
    both = ",".join(filter(None, (excepted, _NOT_PROXIED)))
    yield odd(f"{name} captures curl http://127.0.0.1", f"export NO_PROXY={both} no_proxy={both}")


def _excepted(address: str, listed: str) -> bool:
    return any(_matches(address, entry.strip()) for entry in listed.split(","))


def _matches(address: str, entry: str) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _binds(address: str, port: int) -> OSError | None:
    """Return why an address cannot be bound, None where it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error
    return None
