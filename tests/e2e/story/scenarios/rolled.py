"""Every Deployment is rolled, one after the other."""

from story.scenarios.pressure import nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.chapters import faults
from suitectl.story.suite import Suite


async def play(suite: Suite, cluster: Kubernetes) -> str:
    async with pressure(suite) as tally:
        await faults.rolled(suite, tally)
        await settled(cluster)
    return nothing_failed(suite, tally)


SCENARIO = Scenario(
    title="every Deployment rolled, one after the other",
    must="0 failed requests",
    play=play,
)
