"""Which node a scenario may take away, and how it is cut off from the network."""

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
"""Every pod asks it; what happens without it is another scenario."""
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

    `spared` is one that carries what a scenario itself stands on: its load, cluster DNS, or the
    only Redis there is.
    """

    name: str
    ip: str
    ready: bool
    apps: Counter[str]
    spared: bool


async def nodes(cluster: Kubernetes) -> Sequence[Node]:
    """Return the cluster's nodes with what is on them."""
    pods = await cluster.objects("pods")
    stores = [pod for pod in pods if pod["metadata"].get("labels", {}).get("app") == STORE]
    spared = [pod for pod in pods if _stood_on(pod["metadata"])]
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


def _stood_on(metadata: dict[str, Any]) -> bool:
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
    """Have a node neither send nor receive anything; raise `RuntimeError` where it is not here.

    A node that stands on this machine is a container or a network namespace of its own.
    """
    found = _network_of(node.ip)
    if found is None:
        raise RuntimeError(f"{node.name} has no network of its own on this machine")
    # Held open: the process by which it was found may end meanwhile.
    with found.open() as held:
        network = Path(f"/proc/{os.getpid()}/fd/{held.fileno()}")
        _filter(network, _RULES.format(table=_TABLE, link=_link(network)))
        try:
            yield
        finally:
            _filter(network, f"delete table {_TABLE}")


def is_here(node: Node) -> bool:
    """Say whether a node has a network of its own on this machine."""
    return _network_of(node.ip) is not None


def _network_of(ip: str) -> Path | None:
    """Find a process whose network has an address, where that is not this process' own."""
    own = Path("/proc/self/ns/net").readlink()
    local = re.compile(rf"\s{re.escape(ip)}\n\s+/32 host LOCAL")
    for directory in Path("/proc").iterdir():
        network = directory / "ns/net"
        try:
            elsewhere = directory.name.isdecimal() and network.readlink() != own
            if elsewhere and local.search((directory / "net/fib_trie").read_text()):
                return network
        except OSError:
            continue  # it has ended meanwhile
    return None


def _link(network: Path) -> str:
    """Return the interface that leads out of a network: its default route's."""
    out = _inside(network, "ip", "-4", "route", "show", "default")
    return out.split(" dev ")[1].split()[0]


def _filter(network: Path, rules: str) -> None:
    _inside(network, "nft", "-f", "-", stdin=rules)


def _inside(network: Path, *command: str, stdin: str = "") -> str:
    done = subprocess.run(
        ("nsenter", f"--net={network}", *command),  # noqa: S607 - as anybody would on a node
        input=stdin,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
