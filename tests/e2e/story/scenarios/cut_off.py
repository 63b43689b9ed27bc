"""A node is partitioned from the network, and returns.

Clients use keep-alive connections here. For minutes after the last packet, connection tracking on
a node sends a client's port to the same pod, even if it is lost. A client that always opens new
connections would reach lost pods again when ports repeat. For the same reason the client pod is
replaced afterwards.
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
from story.starts import slowest_start
from suitectl.deploy import namespaces
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.pod import Pod
from suitectl.story.load import Tally, enough
from suitectl.story.suite import Suite
from suitectl.waiting import until

GRACE_S = 50.0
"""kube-controller-manager's --node-monitor-grace-period, after which a node is not ready."""
TOLERATION_S = 10.0
"""The toleration of its pods in the overlay of these tests. The default is five minutes."""
STARTING_S = 30.0
"""The time for new pods to start on other nodes, unless the slowest of them took longer."""
SEEN_LATER_S = 5.0
"""Kubernetes records a start in whole seconds, and counts the pod as its Deployment's after it."""
AFTER = 1000
"""Requests that must succeed after the node has returned."""
QUIET_S = 5.0
"""The outage is over after this time without a failed request."""


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
            started = slowest_start(await _ours(cluster), cut)
        await ready(cluster, node.name)
        await settled(cluster)
        back = len(tally.failed)
        await enough(tally, AFTER)
    suite.reporter.check(
        "no request fails after the node has returned",
        holds=len(tally.failed) == back,
        seen=tally.summary(),
    )
    return (
        f"{what}: {await _judged(suite, ledger, tally, started, (lost, whole, served, unwritten))}"
    )


async def _judged(
    suite: Suite,
    ledger: Ledger,
    tally: Tally,
    started: float,
    moments: tuple[float, float, float, float],
) -> str:
    lost, whole, served, unwritten = moments
    # A machine that is busy with other work starts pods slowly, and its nodes fail no later.
    allowed = GRACE_S + TOLERATION_S + max(STARTING_S, started + SEEN_LATER_S)
    figures = (
        f"counted as lost after {lost:.0f} s, all requests served after {served:.0f} s,"
        f" its pods replaced after {whole:.0f} s (the slowest started in {started:.0f} s),"
        f" writes back after {unwritten:.1f} s"
    )
    suite.reporter.check(
        f"recovered within {allowed:g} s",
        holds=max(served, whole, unwritten) <= allowed,
        seen=figures,
    )
    audited = await ledger.audit(suite)
    statuses = Counter(reply.status or "no response" for reply in tally.failed)
    failed = ", ".join(f"{count} x {status}" for status, count in statuses.most_common())
    lost_requests = f"{len(tally.failed)} of {len(tally.replies):,} failed"
    return f"{figures}; meanwhile {lost_requests} ({failed or 'none'}); {audited}"


async def _ours(cluster: Kubernetes) -> list[Pod]:
    return [pod for pod in await cluster.pods() if pod.namespace in namespaces()]


async def _lost(cluster: Kubernetes, node: Node) -> float:
    """Wait until the control plane marks a node as not ready; return the time."""

    async def is_lost() -> bool:
        return any(not one.ready for one in await nodes(cluster) if one.name == node.name)

    await until(is_lost, what=f"{node.name} to count as lost", seconds=120, every=0.5)
    return time.time()


async def _quiet(tally: Tally, since: float) -> float:
    """Wait until requests succeed again; return the end of the last failure."""

    async def quiet() -> float | None:
        last = max((reply.ended for reply in tally.failed), default=since)
        return last if time.time() - last > QUIET_S else None

    return await until(quiet, what="requests to be served again", seconds=120, every=0.5)


SCENARIO = Scenario(
    title="a node cut off from the network",
    must="recovery within the node-failure time"
    f" ({GRACE_S:g} s + {TOLERATION_S:g} s + start); nothing acknowledged lost",
    play=play,
)
