"""The secret of each service is renewed under load, and the old one ended."""

from story.scenarios.command import succeeds
from story.scenarios.pressure import nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.identities import CAS, credentials
from suitectl.platform.http import Request
from suitectl.platform.kubernetes import Kubernetes
from suitectl.secrets.generated import CREDENTIALS
from suitectl.story.suite import Suite
from suitectl.waiting import until

REVOKE = "/oauth/revoke"
"""Whoever proves itself may end a token that nobody has (RFC 7009, 2.2)."""


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    async with pressure(suite) as tally:
        for service in CREDENTIALS:
            await _renewed(suite, service)
    return nothing_failed(suite, tally)


async def _renewed(suite: Suite, service: str) -> None:
    _, old = credentials(service)
    await succeeds(suite, "rotate", f"--name={service}")
    _, new = credentials(service)
    both = [await _accepted(suite, service, secret) for secret in (old, new)]
    suite.reporter.check(f"both secrets of {service} count", holds=all(both), seen=both)
    await succeeds(suite, "rotate", f"--name={service}", "--retire")

    async def refused() -> bool:
        return not await _accepted(suite, service, old)

    await until(refused, what=f"the old secret of {service} to be refused", seconds=5, every=0.5)
    kept = await _accepted(suite, service, new)
    suite.reporter.check(f"the new secret of {service} alone counts", holds=kept)


async def _accepted(suite: Suite, client: str, secret: str) -> bool:
    url = await suite.platform.url(*CAS) + REVOKE
    request = Request("POST", url, basic=(client, secret), form={"token": "none"})
    return (await suite.http.send(request)).ok


SCENARIO = Scenario(
    name="rotated",
    title="the secret of each service renewed, and the old one ended",
    must="0 failed requests",
    play=play,
)
