"""Selects a node that a scenario may take away, and partitions it from the network."""

import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suitectl.deploy import namespaces
from suitectl.platform.client_pod import NAMESPACE as CLIENTS
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.pod import Pod
from suitectl.shell import output
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
    pods = await cluster.pods()
    stores = [pod for pod in pods if pod.labels.get("app") == STORE]
    spared = [pod for pod in pods if _is_needed(pod)]
    spared += stores if len(stores) == 1 else []
    return [_node(document, pods, spared) for document in await cluster.objects("nodes")]


def _node(document: dict[str, Any], pods: Sequence[Pod], spared: Sequence[Pod]) -> Node:
    name, status = document["metadata"]["name"], document["status"]
    here = [pod for pod in pods if pod.node == name and pod.namespace in namespaces()]
    return Node(
        name=name,
        ip=next(a["address"] for a in status["addresses"] if a["type"] == "InternalIP"),
        ready=any(c["type"] == "Ready" and c["status"] == "True" for c in status["conditions"]),
        apps=Counter(pod.labels["app"] for pod in here if "app" in pod.labels),
        spared=any(pod.node == name for pod in spared),
    )


def _is_needed(pod: Pod) -> bool:
    namespace, label, value = DNS
    is_dns = pod.namespace == namespace and pod.labels.get(label) == value
    return is_dns or pod.namespace == CLIENTS


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
        await _filter(network, _RULES.format(table=_TABLE, link=await _link(network)))
        try:
            yield
        finally:
            await _filter(network, f"delete table {_TABLE}")


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


async def _link(network: Path) -> str:
    """Return the interface of a network's default route."""
    route = await _inside(network, "ip", "-4", "route", "show", "default")
    return route.split(" dev ")[1].split()[0]


async def _filter(network: Path, rules: str) -> None:
    await _inside(network, "nft", "-f", "-", stdin=rules)


async def _inside(network: Path, *command: str, stdin: str = "") -> str:
    return await output(("nsenter", f"--net={network}", *command), seconds=10, stdin=stdin)
