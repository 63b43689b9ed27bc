"""Blue-green releases by the command under load: from v1 to v2, and back to v1."""

import time

from story.scenarios.command import succeeds
from story.scenarios.pressure import detail, nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.cast import DIFF_NS_SERVICE
from suitectl.story.load import Tally, enough, load
from suitectl.story.suite import Suite

AFTER = 200


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    request = await detail(suite)
    async with pressure(suite) as relayed, load(suite.http, [request]) as direct:
        seconds = [await _switch(suite, direct, version) for version in ("v2", "v1")]
    counts = [nothing_failed(suite, tally) for tally in (direct, relayed)]
    each = ", ".join(f"{took:.1f}" for took in seconds)
    return f"{counts[0]} at the Service, {counts[1]} through rest-service; each {each} s in all"


async def _switch(suite: Suite, direct: Tally, version: str) -> float:
    """Switch, and check that every later connection gets responses of this version."""
    began = time.time()
    await succeeds(suite, "blue-green", f"--service={DIFF_NS_SERVICE}", f"--to={version}")
    returned = time.time()
    await enough(direct, AFTER)
    fresh = [reply for reply in direct.fresh if reply.started > returned]
    old = [reply for reply in fresh if reply.body.strip() != f"{DIFF_NS_SERVICE}-{version}"]
    suite.reporter.check(
        f"none of {len(fresh)} fresh connections after the switch to {version} got the old version",
        holds=not old,
        seen=f"{len(old)} old",
    )
    return returned - began


SCENARIO = Scenario(
    title="blue-green v1 → v2 → v1",
    must="0 failed requests, no response of the old version on fresh connections after the switch",
    play=play,
)
