"""Tokens become signed, their key is rotated, and they become opaque again, under load.

Meanwhile rest-service verifies JWTs, somebody logs in by the code flow again and again, families of
tokens are refreshed, and each access token is checked at cas-server.
"""

from story.refreshing import refreshing
from story.scenarios.pressure import nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.chapters import signed_tokens
from suitectl.story.suite import Suite


async def rotated(suite: Suite) -> str:
    """Play the chapter under load; return what was counted."""
    async with pressure(suite) as tally, refreshing(suite) as refreshed:
        await signed_tokens.play(suite)
    counts = [nothing_failed(suite, one) for one in (tally, refreshed)]
    return f"{counts[0]} at rest-service; {counts[1]} of refreshes, checks and logins"


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    return await rotated(suite)


SCENARIO = Scenario(
    title="tokens signed, the signing key rotated, tokens opaque again",
    must="0 failed requests, refreshes, checks and logins by the code flow",
    play=play,
)
