"""From v1 alone to both behind one Service: the share of traffic follows the replicas."""

from collections import Counter

from suitectl.command_lines import verb
from suitectl.platform.http import Reply, Request
from suitectl.release.probes import probes
from suitectl.release.shares import draw, shares_of
from suitectl.story.cast import DIFF_NS, DIFF_NS_SERVICE, GREETING
from suitectl.story.chapter import Chapter
from suitectl.story.selector import TO_BOTH, TO_V1
from suitectl.story.suite import Suite
from suitectl.waiting import until

V1, V2 = "diff-ns-service-v1-deployment", "diff-ns-service-v2-deployment"
SCALE_V2 = verb(f"scale deployment/{V2} --replicas=4 -n ns-app")
SCALE_V1 = verb(f"scale deployment/{V1} --replicas=1 -n ns-app")
SCALE_BACK = tuple(verb(f"scale deployment/{name} --replicas=3 -n ns-app") for name in (V1, V2))
COMMANDS = (TO_BOTH, SCALE_V2, SCALE_V1, *SCALE_BACK, TO_V1)

REQUESTS = 200
ALONE = 20
TOLERANCE = 0.15
"""Over four standard deviations of a fair choice over 200 connections (3.5 points each), which
chance exceeds once in 40,000 runs. docs/releases.md has the rule."""
PATH = "/getservicedetail?servicename=aaa"
WHY = (
    "A Service chooses a pod per connection: all requests on one connection go to one pod, until"
    " the server closes it at server.max-connection-age (60 s)."
)


async def play(suite: Suite) -> None:
    """Have both versions selected, measure the shares, scale, and measure again."""
    await _select_both(suite)
    await _measure(suite, {"v1": 3, "v2": 3})
    await scale(suite, v1=1, v2=4)
    await _measure(suite, {"v1": 1, "v2": 4})
    suite.reporter.explain(WHY)
    await scale(suite, v1=3, v2=3)
    await suite.run(TO_V1, show=True)


async def _select_both(suite: Suite) -> None:
    """Select both versions, from v1 alone; a cluster's nodes follow with a delay."""
    url = await suite.platform.url(*DIFF_NS) + PATH
    alone = {one.version for one in await probes(suite.http, url, ALONE)}
    before = await suite.call(DIFF_NS, GREETING)
    suite.reporter.check(
        "v1 has all the traffic, v2 stands by",
        holds=alone == {"v1"},
        seen=", ".join(map(str, alone)),
    )
    await suite.run(TO_BOTH, show=True)

    async def joined() -> Reply | None:
        reply = await suite.call(DIFF_NS, GREETING)
        return reply if reply.ok and reply.json()["version"] == "v2" else None

    after = await until(joined, what="v2 to respond as well", seconds=30)
    suite.reporter.changed(f"GET {GREETING}, on some connections", before, after)


async def scale(suite: Suite, *, v1: int, v2: int) -> None:
    """Scale both versions and wait until exactly the wanted pods are ready."""
    for name, replicas in ((V2, v2), (V1, v1)):
        command = verb(f"scale deployment/{name} --replicas={replicas} -n ns-app")
        await suite.run(command, show=True)
    wanted = {"v1": v1, "v2": v2}
    await until(lambda: _settled(suite, wanted), what=f"replicas {wanted}", seconds=60)


async def _settled(suite: Suite, wanted: dict[str, int]) -> bool:
    pods = await suite.platform.pods("ns-app", DIFF_NS_SERVICE)
    ready = Counter(pod.labels.get("version") for pod in pods if pod.ready)
    return ready == Counter(wanted)


async def _measure(suite: Suite, replicas: dict[str, int]) -> None:
    url = await suite.platform.url(*DIFF_NS) + PATH
    shares = shares_of(await probes(suite.http, url, REQUESTS), replicas, {})
    title = " : ".join(str(count) for count in replicas.values())
    suite.reporter.say(f"{REQUESTS} requests at v1 : v2 = {title}, a connection each")
    draw(suite.reporter, shares)
    reused = Request("GET", url)
    replies = [await suite.http.send(reused, keep_alive=True) for _ in range(REQUESTS)]
    counts = Counter(reply.body.strip() for reply in replies)
    seen = ", ".join(f"{count} from {name}" for name, count in counts.items())
    suite.reporter.say(f"the same requests on one connection: {seen}")
    worst = max(abs(share.observed - share.expected) for share in shares)
    suite.reporter.check(
        f"fresh connections are within {TOLERANCE:.0%} of the replicas' share",
        holds=worst <= TOLERANCE,
        seen=f"off by {worst:.1%}",
    )


CHAPTER = Chapter(
    "Canary: new connections follow the replicas",
    COMMANDS,
    play,
    needs=(DIFF_NS_SERVICE,),
)
