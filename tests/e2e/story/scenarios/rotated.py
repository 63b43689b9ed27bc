"""The secret of each service is rotated under load, and the old one is retired.

Each service is also called directly, at the path that uses most of its own credentials.
"""

from collections.abc import Sequence

from story.scenarios.command import succeeds
from story.scenarios.pressure import nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.catalogue import TRY, Service, services
from suitectl.identities import credentials
from suitectl.platform.http import Request
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.cast import CAS
from suitectl.story.load import load
from suitectl.story.suite import Suite
from suitectl.waiting import until

REVOKE = "/oauth/revoke"
"""Any authenticated client may revoke an unknown token (RFC 7009, 2.2)."""


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    rotated = [service for service in services().values() if service.credentials is not None]
    requests = await _requests(suite, rotated)
    async with pressure(suite) as tally, load(suite.http, requests) as direct:
        for service in rotated:
            await _rotated(suite, service.client_id)
    counts = [nothing_failed(suite, each) for each in (tally, direct)]
    return f"{counts[0]} at rest-service; {counts[1]} at the {len(rotated)} services themselves"


async def _requests(suite: Suite, rotated: Sequence[Service]) -> list[Request]:
    """Return calls of each service by several tokens, which it checks as its own client.

    The last path that a service says to try is the one that leads on to another service.
    """
    tokens = [(await suite.user_token(user))["access_token"] for user in ("alice", "admin") * 4]
    urls = [
        await suite.platform.url(*one.address) + one.annotation(TRY).split(",")[-1].strip()
        for one in rotated
    ]
    return [Request("GET", url, bearer=token) for token in tokens for url in urls]


async def _rotated(suite: Suite, service: str) -> None:
    _, old = credentials(service)
    await succeeds(suite, "rotate", f"--name={service}")
    _, new = credentials(service)
    both = [await _accepted(suite, service, secret) for secret in (old, new)]
    suite.reporter.check(f"both secrets of {service} are accepted", holds=all(both), seen=both)
    await succeeds(suite, "rotate", f"--retire={service}")

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
