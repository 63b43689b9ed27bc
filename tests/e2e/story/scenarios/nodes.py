"""Selects a node that a scenario may take away, and partitions it from the network."""

import os
import re
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suitectl.deploy import NAMESPACES
from suitectl.platform.client_pod import NAMESPACE as CLIENTS
from suitectl.platform.kubernetes import Kubernetes
from suitectl.waiting import until

DNS = ("kube-system", "k8s-app", "kube-dns")
"""Every pod uses cluster DNS, whose loss would be another scenario."""
STORE = "redis"
_TABLE = "inet suite-cut-off"
_RULES = """
table {table} {{
  chain arriving {{ type filter hook prerouting priority -400; iifname "{link}" drop; }}
  chain leaving {{ type filter hook postrouting priority 400; oifname "{link}" drop; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A node, and the suite's pods on it by `app`.

    `spared` marks a node that a scenario needs: for its load, cluster DNS, or the only Redis.
    """

    name: str
    ip: str
    ready: bool
    apps: Counter[str]
    spared: bool


async def nodes(cluster: Kubernetes) -> Sequence[Node]:
    """Return the cluster's nodes with their pods."""
    pods = await cluster.objects("pods")
    stores = [pod for pod in pods if pod["metadata"].get("labels", {}).get("app") == STORE]
    spared = [pod for pod in pods if _is_needed(pod["metadata"])]
    spared += stores if len(stores) == 1 else []
    return [_node(document, pods, spared) for document in await cluster.objects("nodes")]


def _node(
    document: dict[str, Any], pods: Sequence[dict[str, Any]], spared: Sequence[dict[str, Any]]
) -> Node:
    name = document["metadata"]["name"]
    here = [pod for pod in pods if pod["spec"].get("nodeName") == name]
    status = document["status"]
    return Node(
        name=name,
        ip=next(a["address"] for a in status["addresses"] if a["type"] == "InternalIP"),
        ready=any(c["type"] == "Ready" and c["status"] == "True" for c in status["conditions"]),
        apps=Counter(
            pod["metadata"]["labels"]["app"]
            for pod in here
            if pod["metadata"]["namespace"] in NAMESPACES
            and "app" in pod["metadata"].get("labels", {})
        ),
        spared=any(pod["spec"].get("nodeName") == name for pod in spared),
    )


def _is_needed(metadata: dict[str, Any]) -> bool:
    namespace, label, value = DNS
    dns = metadata["namespace"] == namespace and metadata.get("labels", {}).get(label) == value
    return dns or bool(metadata["namespace"] == CLIENTS)


async def ready(cluster: Kubernetes, name: str) -> None:
    """Wait until a node is Ready."""

    async def is_ready() -> bool:
        return any(node.ready for node in await nodes(cluster) if node.name == name)

    await until(is_ready, what=f"{name} to be ready", seconds=120, every=0.5)


@asynccontextmanager
async def cut_off(node: Node) -> AsyncIterator[None]:
    """Block all traffic of a node. Raises `RuntimeError` if the node is not on this machine.

    A node on this machine is a container or a network namespace.
    """
    found = _network_of(node.ip)
    if found is None:
        raise RuntimeError(f"{node.name} has no network namespace on this machine")
    # Held open, since the process by which it was found may end meanwhile.
    with found.open() as held:
        network = Path(f"/proc/{os.getpid()}/fd/{held.fileno()}")
        _filter(network, _RULES.format(table=_TABLE, link=_link(network)))
        try:
            yield
        finally:
            _filter(network, f"delete table {_TABLE}")


def is_here(node: Node) -> bool:
    """Return whether a node has its own network namespace on this machine."""
    return _network_of(node.ip) is not None


def _network_of(ip: str) -> Path | None:
    """Return the network namespace with an address, unless it is this process' own."""
    own = Path("/proc/self/ns/net").readlink()
    local = re.compile(rf"\s{re.escape(ip)}\n\s+/32 host LOCAL")
    for directory in Path("/proc").iterdir():
        network = directory / "ns/net"
        try:
            elsewhere = directory.name.isdecimal() and network.readlink() != own
            if elsewhere and local.search((directory / "net/fib_trie").read_text()):
                return network
        except OSError:
            continue  # the process has ended meanwhile
    return None


def _link(network: Path) -> str:
    """Return the interface of a network's default route."""
    out = _inside(network, "ip", "-4", "route", "show", "default")
    return out.split(" dev ")[1].split()[0]


def _filter(network: Path, rules: str) -> None:
    _inside(network, "nft", "-f", "-", stdin=rules)


def _inside(network: Path, *command: str, stdin: str = "") -> str:
    done = subprocess.run(
        ("nsenter", f"--net={network}", *command),  # noqa: S607 - as an administrator would on a node
        input=stdin,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
