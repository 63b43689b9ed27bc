"""A node is cut off from the network, and comes back.

Clients keep their connections here. A node's connection tracking leads a client's port to the pod
it led to before, for minutes after the last packet, lost pod or not: who opens new connections all
the time meets the lost pods again as the ports come round. For the same reason the client is a new
one afterwards.
"""

import time
from collections import Counter

from story.deployed import Client
from story.scenarios.ledger import Ledger, issuing
from story.scenarios.nodes import Node, cut_off, nodes, ready
from story.scenarios.pressure import pressure
from story.scenarios.scenario import Scenario
from story.scenarios.victim import victim
from story.settled import replaced, settled
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.load import Tally, enough
from suitectl.story.suite import Suite
from suitectl.waiting import until

GRACE_S = 50.0
"""kube-controller-manager's --node-monitor-grace-period: then a node counts as lost."""
TOLERATION_S = 10.0
"""How long its pods are left there, by the overlay of these tests; five minutes by default."""
STARTING_S = 30.0
"""For new pods to come up elsewhere."""
AFTER = 1000
"""Requests that have to be served when the node is back."""
QUIET_S = 5.0
"""No request failed for so long: it is over."""


async def play(suite: Suite, cluster: Kubernetes) -> str:
    try:
        return await _played(suite, cluster)
    finally:
        assert isinstance(suite.http, Client)
        await suite.http.renew()


async def _played(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    node, what = await victim(suite, cluster, here=True)
    async with pressure(suite, fresh=False) as tally, issuing(suite) as ledger:
        async with cut_off(node):
            cut = time.time()
            suite.reporter.say(f"cut off: {what}")
            lost = await _lost(cluster, node) - cut
            await replaced(cluster)
            whole = time.time() - cut
            served = await _quiet(tally, cut) - cut
            unwritten = ledger.outage(cut, time.time())
        await ready(cluster, node.name)
        await settled(cluster)
        back = len(tally.failed)
        await enough(tally, AFTER)
    suite.reporter.check(
        "nothing fails when the node is back",
        holds=len(tally.failed) == back,
        seen=tally.summary(),
    )
    return f"{what}: {await _judged(suite, ledger, tally, (lost, whole, served, unwritten))}"


async def _judged(
    suite: Suite, ledger: Ledger, tally: Tally, moments: tuple[float, float, float, float]
) -> str:
    lost, whole, served, unwritten = moments
    allowed = GRACE_S + TOLERATION_S + STARTING_S
    figures = (
        f"counted as lost after {lost:.0f} s, all requests served after {served:.0f} s,"
        f" its pods replaced after {whole:.0f} s,"
        f" writes back after {unwritten:.1f} s"
    )
    suite.reporter.check(
        f"recovered within {allowed:g} s",
        holds=max(served, whole, unwritten) <= allowed,
        seen=figures,
    )
    kept = await ledger.audit(suite)
    statuses = Counter(reply.status or "no answer" for reply in tally.failed)
    failed = ", ".join(f"{count} x {status}" for status, count in statuses.most_common())
    lost_requests = f"{len(tally.failed)} of {len(tally.replies):,} failed"
    return f"{figures}; meanwhile {lost_requests} ({failed or 'none'}); {kept}"


async def _lost(cluster: Kubernetes, node: Node) -> float:
    """Wait until the control plane counts a node as lost; return when."""

    async def is_lost() -> bool:
        return any(not one.ready for one in await nodes(cluster) if one.name == node.name)

    await until(is_lost, what=f"{node.name} to count as lost", seconds=120, every=0.5)
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
