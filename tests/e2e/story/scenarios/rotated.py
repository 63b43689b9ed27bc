"""The secret of each service is rotated under load, and the old one is retired."""

from story.scenarios.command import succeeds
from story.scenarios.pressure import nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.catalogue import services
from suitectl.identities import credentials
from suitectl.platform.http import Request
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.cast import CAS
from suitectl.story.suite import Suite
from suitectl.waiting import until

REVOKE = "/oauth/revoke"
"""Any authenticated client may revoke an unknown token (RFC 7009, 2.2)."""


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    async with pressure(suite) as tally:
        for service in services().values():
            if service.credentials is not None:
                await _rotated(suite, service.client_id)
    return nothing_failed(suite, tally)


async def _rotated(suite: Suite, service: str) -> None:
    _, old = credentials(service)
    await succeeds(suite, "rotate", f"--name={service}")
    _, new = credentials(service)
    both = [await _accepted(suite, service, secret) for secret in (old, new)]
    suite.reporter.check(f"both secrets of {service} are accepted", holds=all(both), seen=both)
    await succeeds(suite, "rotate", f"--name={service}", "--retire")

    async def refused() -> bool:
        return not await _accepted(suite, service, old)

    await until(refused, what=f"the old secret of {service} to be refused", seconds=5, every=0.5)
    accepted = await _accepted(suite, service, new)
    suite.reporter.check(f"only the new secret of {service} is accepted", holds=accepted)


async def _accepted(suite: Suite, client: str, secret: str) -> bool:
    url = await suite.platform.url(*CAS) + REVOKE
    request = Request("POST", url, basic=(client, secret), form={"token": "none"})
    return (await suite.http.send(request)).ok


SCENARIO = Scenario(
    title="the secret of each service rotated, and the old one retired",
    must="0 failed requests",
    play=play,
)
