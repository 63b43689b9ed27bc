"""The node that has most to lose, of those that a scenario may take away."""

from story.kubernetes import Kubernetes
from story.scenarios.nodes import Node, is_here, nodes
from story.scenarios.store import primary


async def victim(cluster: Kubernetes, *, here: bool = False) -> tuple[Node, str]:
    """Return the node of the Redis primary, or that with the most pods, and what is on it.

    With `here` it is one whose network is on this machine. Raises `RuntimeError`.
    """
    eligible = [n for n in await nodes(cluster) if not n.spared and (is_here(n) or not here)]
    if not eligible:
        raise RuntimeError("no node can be spared; these tests want three, on this machine")
    store = await primary(cluster)
    for node in eligible:
        if store is not None and store.node == node.name:
            return node, f"{_described(node)}, the Redis primary among them"
    node = max(eligible, key=lambda node: node.apps.total())
    return node, _described(node)


def _described(node: Node) -> str:
    pods = ", ".join(f"{count} {app}" for app, count in sorted(node.apps.items()))
    return f"{node.name} with {pods}"
