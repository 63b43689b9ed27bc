"""A node is cut off from the network, and comes back."""

import time

from story.kubernetes import Kubernetes
from story.load import Tally
from story.scenarios.ledger import Ledger, issuing
from story.scenarios.nodes import Node, cut_off, is_here, nodes, ready
from story.scenarios.pressure import pressure
from story.scenarios.scenario import Scenario
from story.scenarios.settled import settled, whole, workloads
from story.suite import Suite
from story.waiting import until

GRACE_S = 50.0
"""kube-controller-manager's --node-monitor-grace-period: then a node counts as lost."""
TOLERATION_S = 10.0
"""How long its pods are left there, by the overlay of these tests; five minutes by default."""
STARTING_S = 30.0
"""For new pods to come up elsewhere."""
QUIET_S = 5.0
"""No request failed for so long: it is over."""


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    node = await _victim(cluster)
    async with pressure(suite) as tally, issuing(suite) as ledger:
        async with cut_off(node):
            cut = time.time()
            suite.tell.say(f"{node.name} is cut off, with {dict(node.apps)}")
            lost = await _lost(cluster, node) - cut
            replaced = await _replaced(cluster) - cut
            served = await _quiet(tally, cut) - cut
        await ready(cluster, node.name)
        await settled(cluster)
        back = len(tally.failed)
    suite.tell.check(
        "nothing fails when the node is back",
        holds=len(tally.failed) == back,
        seen=tally.summary(),
    )
    return await _judged(suite, ledger, tally, (lost, replaced, served))


async def _judged(
    suite: Suite, ledger: Ledger, tally: Tally, moments: tuple[float, float, float]
) -> str:
    lost, replaced, served = moments
    allowed = GRACE_S + TOLERATION_S + STARTING_S
    figures = (
        f"counted as lost after {lost:.0f} s, all requests served after {served:.0f} s,"
        f" its pods replaced after {replaced:.0f} s"
    )
    suite.tell.check(
        f"recovered within {allowed:g} s", holds=max(served, replaced) <= allowed, seen=figures
    )
    kept = await ledger.audit(suite)
    return f"{figures}; meanwhile {tally.summary()}; {kept}"


async def _victim(cluster: Kubernetes) -> Node:
    eligible = [node for node in await nodes(cluster) if not node.spared and is_here(node)]
    if not eligible:
        raise RuntimeError("no node can be cut off: they are not on this machine")
    return max(eligible, key=lambda node: node.apps.total())


async def _lost(cluster: Kubernetes, node: Node) -> float:
    """Wait until the control plane counts a node as lost; return when."""

    async def is_lost() -> bool:
        return any(not one.ready for one in await nodes(cluster) if one.name == node.name)

    await until(is_lost, what=f"{node.name} to count as lost", seconds=120, every=0.5)
    return time.time()


async def _replaced(cluster: Kubernetes) -> float:
    """Wait until each Deployment is whole again, without the lost node; return when."""

    async def replaced() -> bool:
        apart = [one for one in await workloads(cluster) if one["kind"] == "Deployment"]
        return all(whole(one) for one in apart)

    await until(replaced, what="the lost pods to be replaced", seconds=120, every=0.5)
    return time.time()


async def _quiet(tally: Tally, since: float) -> float:
    """Wait until nothing failed for a while; return when the last failure ended."""

    async def quiet() -> float | None:
        last = max((reply.ended for reply in tally.failed), default=since)
        return last if time.time() - last > QUIET_S else None

    return await until(quiet, what="requests to be served again", seconds=120, every=0.5)


SCENARIO = Scenario(
    name="cut_off",
    title="a node cut off from the network",
    must="recovery within the node-failure time"
    f" ({GRACE_S:g} s + {TOLERATION_S:g} s + start); nothing acknowledged lost",
    play=play,
)
