"""Tokens become signed, their key is rotated, and they become opaque again, under load."""

from story.scenarios.scenario import Scenario
from story.settled import settled
from story.whole_load import whole_load
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.chapters import signed_tokens
from suitectl.story.suite import Suite


async def rotated(suite: Suite) -> str:
    """Play the chapter under load; return what was counted."""
    async with whole_load(suite) as work:
        await signed_tokens.play(suite)
    return await work.verdict(suite)


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    return await rotated(suite)


SCENARIO = Scenario(
    title="tokens signed, the signing key rotated, tokens opaque again",
    must="0 failed requests, refreshes, checks and logins by the code flow; 0 logins lost",
    play=play,
    smoke=True,
)
