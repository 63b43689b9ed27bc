"""Every Deployment is rolled, one after the other, while rest-service verifies JWTs."""

from story.scenarios.scenario import Scenario
from story.settled import settled
from story.whole_load import whole_load
from story.work import REQUESTS
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.chapters import faults, signed_tokens
from suitectl.story.suite import Suite


async def rolled(suite: Suite) -> str:
    """Roll under load; return what was counted."""
    async with whole_load(suite) as work, signed_tokens.signed(suite):
        await work.goes_on()
        await faults.rolled(suite, work.tallies[REQUESTS])
        await settled(suite.platform)
    return await work.verdict(suite)


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    return await rolled(suite)


SCENARIO = Scenario(
    title="every Deployment rolled, one after the other",
    must="0 failed requests, refreshes, checks and logins by the code flow; 0 logins lost",
    play=play,
    smoke=True,
)
