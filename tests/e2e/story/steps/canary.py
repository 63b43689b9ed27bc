"""Two versions behind one Service: the share of traffic follows the replicas, or does not."""

import asyncio
from collections import Counter

import httpx

from story.commands import verb
from story.http import Request, new_client, send
from story.identities import DIFF_NS
from story.narrator import Share
from story.platform import Pod
from story.step import Step
from story.suite import Suite
from story.waiting import until

V1, V2 = "diff-ns-service-v1-deployment", "diff-ns-service-v2-deployment"
SCALE_V2 = verb(f"scale deployment/{V2} --replicas=4 -n ns-app")
SCALE_V1 = verb(f"scale deployment/{V1} --replicas=1 -n ns-app")
SCALE_BACK = tuple(verb(f"scale deployment/{name} --replicas=3 -n ns-app") for name in (V1, V2))
COMMANDS = (SCALE_V2, SCALE_V1, *SCALE_BACK)

REQUESTS = 200
TOLERANCE = 0.11
"""About three standard deviations of a fair choice over 200 connections; see docs/releases.md."""
KEPT_CONNECTIONS = 4
PATH = "/getservicedetail?servicename=aaa"
WHY = (
    f"A Service chooses a pod per connection: {KEPT_CONNECTIONS} kept connections stay where they"
    " were opened, and follow a scaling only as the server closes them (server.max-connection-age)."
)


async def play(suite: Suite) -> None:
    request = Request(
        "GET", await suite.platform.url(*DIFF_NS) + "/getservicedetail?servicename=aaa"
    )
    async with new_client(httpx.Limits(max_connections=KEPT_CONNECTIONS)) as kept:
        await _measure(suite, request, kept, {"v1": 3, "v2": 3})
        await scale(suite, v1=1, v2=4)
        await _measure(suite, request, kept, {"v1": 1, "v2": 4})
    suite.tell.explain(WHY)
    await scale(suite, v1=3, v2=3)


async def scale(suite: Suite, *, v1: int, v2: int) -> None:
    """Scale both versions and wait until just the wanted pods are there, all ready."""
    for name, replicas in ((V2, v2), (V1, v1)):
        command = verb(f"scale deployment/{name} --replicas={replicas} -n ns-app")
        suite.tell.command(command)
        await suite.platform.run(command)
    wanted = {"v1": v1, "v2": v2}
    await until(lambda: _settled(suite, wanted), what=f"replicas {wanted}", seconds=60)


async def _settled(suite: Suite, wanted: dict[str, int]) -> bool:
    pods = [Pod(document) for document in await suite.platform.objects("pods", "ns-app")]
    ready = Counter(pod.labels.get("version") for pod in pods if pod.ready)
    return ready == Counter(wanted)


async def _measure(
    suite: Suite, request: Request, kept: httpx.AsyncClient, replicas: dict[str, int]
) -> None:
    fresh = Counter([(await suite.http.send(request)).body.strip() for _ in range(REQUESTS)])
    shares = _shares(fresh, replicas)
    title = " : ".join(str(count) for count in replicas.values())
    suite.tell.shares(f"{REQUESTS} requests at v1 : v2 = {title}, a connection each", shares)
    suite.tell.shares(
        f"the same through a client with {KEPT_CONNECTIONS} kept connections",
        _shares(await _through(kept, request), replicas),
    )
    worst = max(abs(share.measured - share.expected) for share in shares)
    suite.tell.check(
        f"fresh connections are within {TOLERANCE:.0%} of the replicas' share",
        holds=worst <= TOLERANCE,
        seen=f"off by {worst:.1%}",
    )


async def _through(client: httpx.AsyncClient, request: Request) -> Counter[str]:
    """Count the versions that answer when all requests share the client's connections."""
    answered: Counter[str] = Counter()
    for _ in range(REQUESTS // KEPT_CONNECTIONS):
        replies = await asyncio.gather(*(send(client, request) for _ in range(KEPT_CONNECTIONS)))
        answered.update(reply.body.strip() for reply in replies)
    return answered


def _shares(answered: Counter[str], replicas: dict[str, int]) -> list[Share]:
    pods, total = sum(replicas.values()), answered.total()
    return [
        Share(version, count / pods, answered[f"diff-ns-service-{version}"] / total)
        for version, count in replicas.items()
    ]


STEP = Step(
    title="Canary: traffic follows the replicas, for fresh connections",
    commands=COMMANDS,
    play=play,
    name="canary",
)
