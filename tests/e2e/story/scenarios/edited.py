"""A ConfigMap is edited under load: by kubelet's own sync, and with `make refresh`."""

import time

from story.scenarios.command import succeeds
from story.scenarios.pressure import nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.command_lines import Verb, verb
from suitectl.platform.http import Request
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.chapters.configuration import EDIT, PROPAGATION_S
from suitectl.story.suite import Suite, ready_pods
from suitectl.waiting import until

GREETING = "Good morning"


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    original = f"Hello from {suite.platform.profile}"
    async with pressure(suite) as tally:
        slow = await _edited(suite, original, GREETING, refresh=False)
        fast = await _edited(suite, GREETING, original, refresh=True)
    count = nothing_failed(suite, tally)
    return f"by kubelet's own sync {slow}, with `make refresh` {fast}; {count}"


async def _edited(suite: Suite, before: str, after: str, *, refresh: bool) -> str:
    """Edit, and wait until every replica serves the value; return the seconds of each."""
    await suite.run(_replacing(before, after))
    edited = time.time()
    if refresh:
        await succeeds(suite, "refresh", "--service=rest-service")
    moments: dict[str, float] = {}
    await until(
        lambda: _all_serve(suite, after, moments),
        what=f"all replicas to serve {after!r}",
        seconds=PROPAGATION_S,
    )
    seen = ", ".join(f"{moment - edited:.1f}" for moment in sorted(moments.values())) + " s"
    suite.reporter.reached(f"all {len(moments)} replicas serve {after!r}", seen=seen)
    return seen


async def _all_serve(suite: Suite, greeting: str, moments: dict[str, float]) -> bool:
    """Return whether all ready replicas serve the value, and record when each first did."""
    pods = await ready_pods(suite.platform, "rest-service", "system-server")
    for pod in pods:
        if pod.name not in moments:
            request = Request("GET", await suite.platform.pod_url(pod) + "/greeting")
            if greeting in (await suite.http.send(request)).body:
                moments[pod.name] = time.time()
    return moments.keys() >= {pod.name for pod in pods}


def _replacing(before: str, after: str) -> Verb:
    return verb(EDIT, editor=f"sed -i 's/{before}/{after}/'")


SCENARIO = Scenario(
    title="ConfigMap edited",
    must="all replicas serve it: time by kubelet's own sync, and with `make refresh`",
    play=play,
)
