"""Selects the node whose loss has the largest effect, of those that a scenario may take away."""

import asyncio
from collections.abc import Sequence

from story.scenarios.nodes import Node, is_here, nodes
from story.scenarios.store import hand_over, primary
from story.settled import settled
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.cast import APP
from suitectl.story.suite import Suite
from suitectl.tokens import CLIENT_CREDENTIALS
from suitectl.waiting import until

AGAIN_S = 10.0
"""A Sentinel starts no further failover within twice its failover-timeout (redis.io, Sentinel)."""


async def victim(suite: Suite, cluster: Kubernetes, *, here: bool = False) -> tuple[Node, str]:
    """Return the node of the Redis primary, or the one with the most pods, and its description.

    With `here`, only nodes whose network is on this machine count. Raises `RuntimeError`.
    """
    eligible = [n for n in await nodes(cluster) if not n.spared and (is_here(n) or not here)]
    if not eligible:
        raise RuntimeError(
            "no node can be taken away; these tests need three nodes on this machine"
        )
    if await primary(cluster) is None:
        node = max(eligible, key=lambda node: node.apps.total())
        return node, _described(node)
    node = await _with_primary(suite, cluster, eligible)
    return node, f"{_described(node)}, including the Redis primary"


async def _with_primary(suite: Suite, cluster: Kubernetes, eligible: Sequence[Node]) -> Node:
    """Return the node of the primary, after a failover to an eligible node if necessary."""
    by_name = {node.name: node for node in eligible}

    async def found() -> Node | None:
        store = await primary(cluster)
        return None if store is None else by_name.get(store.node)

    if (node := await found()) is not None:
        return node
    what = "the Sentinels to hand over"
    await until(lambda: hand_over(cluster), what=what, seconds=60, every=1)
    node = await until(found, what="the Redis primary on an eligible node", seconds=60, every=0.5)
    await asyncio.sleep(AGAIN_S)
    await settled(cluster)
    await until(lambda: _writable(suite), what="the token store to accept writes", seconds=60)
    return node


async def _writable(suite: Suite) -> bool:
    return (await suite.post("/oauth/token", APP, CLIENT_CREDENTIALS)).ok


def _described(node: Node) -> str:
    pods = ", ".join(f"{count} {app}" for app, count in sorted(node.apps.items()))
    return f"{node.name} with {pods}"
