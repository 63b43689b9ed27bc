"""Two versions behind one Service: the share of traffic follows the replicas, or does not."""

from collections import Counter

from suitectl.command_lines import verb
from suitectl.identities import DIFF_NS
from suitectl.platform.http import Request
from suitectl.platform.pod import Pod
from suitectl.reporter import Share
from suitectl.story.chapter import Chapter
from suitectl.story.suite import Suite
from suitectl.waiting import until

V1, V2 = "diff-ns-service-v1-deployment", "diff-ns-service-v2-deployment"
SCALE_V2 = verb(f"scale deployment/{V2} --replicas=4 -n ns-app")
SCALE_V1 = verb(f"scale deployment/{V1} --replicas=1 -n ns-app")
SCALE_BACK = tuple(verb(f"scale deployment/{name} --replicas=3 -n ns-app") for name in (V1, V2))
COMMANDS = (SCALE_V2, SCALE_V1, *SCALE_BACK)

REQUESTS = 200
TOLERANCE = 0.15
"""Over four standard deviations of a fair choice over 200 connections (3.5 points each): chance
alone is outside once in 40,000 times. docs/releases.md has the rule."""
PATH = "/getservicedetail?servicename=aaa"
WHY = (
    "A Service chooses a pod per connection: all requests on a kept one go to one pod, until the"
    " server closes it at server.max-connection-age (60 s)."
)


async def play(suite: Suite) -> None:
    """Measure the shares, scale, and measure again."""
    request = Request("GET", await suite.platform.url(*DIFF_NS) + PATH)
    await _measure(suite, request, {"v1": 3, "v2": 3})
    await scale(suite, v1=1, v2=4)
    await _measure(suite, request, {"v1": 1, "v2": 4})
    suite.reporter.explain(WHY)
    await scale(suite, v1=3, v2=3)


async def scale(suite: Suite, *, v1: int, v2: int) -> None:
    """Scale both versions and wait until just the wanted pods are there, all ready."""
    for name, replicas in ((V2, v2), (V1, v1)):
        command = verb(f"scale deployment/{name} --replicas={replicas} -n ns-app")
        suite.reporter.command(command)
        await suite.run(command)
    wanted = {"v1": v1, "v2": v2}
    await until(lambda: _settled(suite, wanted), what=f"replicas {wanted}", seconds=60)


async def _settled(suite: Suite, wanted: dict[str, int]) -> bool:
    pods = [Pod(document) for document in await suite.platform.objects("pods", "ns-app")]
    ready = Counter(pod.labels.get("version") for pod in pods if pod.ready)
    return ready == Counter(wanted)


async def _measure(suite: Suite, request: Request, replicas: dict[str, int]) -> None:
    shares = _shares(await _versions(suite, request, keep_alive=False), replicas)
    title = " : ".join(str(count) for count in replicas.values())
    suite.reporter.shares(f"{REQUESTS} requests at v1 : v2 = {title}, a connection each", shares)
    suite.reporter.shares(
        "the same through a client that keeps one connection",
        _shares(await _versions(suite, request, keep_alive=True), replicas),
    )
    worst = max(abs(share.measured - share.expected) for share in shares)
    suite.reporter.check(
        f"fresh connections are within {TOLERANCE:.0%} of the replicas' share",
        holds=worst <= TOLERANCE,
        seen=f"off by {worst:.1%}",
    )


async def _versions(suite: Suite, request: Request, *, keep_alive: bool) -> Counter[str]:
    """Count the versions that respond, one request after the other."""
    replies = [await suite.http.send(request, keep_alive=keep_alive) for _ in range(REQUESTS)]
    return Counter(reply.body.strip() for reply in replies)


def _shares(versions: Counter[str], replicas: dict[str, int]) -> list[Share]:
    pods, total = sum(replicas.values()), versions.total()
    return [
        Share(version, count / pods, versions[f"diff-ns-service-{version}"] / total)
        for version, count in replicas.items()
    ]


CHAPTER = Chapter(
    title="Canary: traffic follows the replicas, for fresh connections",
    commands=COMMANDS,
    play=play,
    name="canary",
)
