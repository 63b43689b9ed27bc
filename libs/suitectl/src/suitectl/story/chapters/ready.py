"""Every replica the manifests ask for becomes ready."""

from typing import Any

from suitectl.catalogue import services
from suitectl.command_lines import verb
from suitectl.platform.http import Reply
from suitectl.story.cast import REST, REST_SERVICE
from suitectl.story.chapter import Chapter
from suitectl.story.suite import Suite
from suitectl.waiting import until

DEPLOYMENTS = verb("get deployments -A")
PODS = verb("get pods -A -o wide")
COMMANDS = (DEPLOYMENTS, PODS)

EXPECTED = {
    "cas-server-deployment": 3,
    "rest-service-deployment": 2,
    "diff-ns-service-v1-deployment": 3,
    "diff-ns-service-v2-deployment": 3,
}


async def play(suite: Suite) -> None:
    """Wait for every replica, and show them."""
    suite.reporter.command(DEPLOYMENTS)
    found = await until(lambda: _all_ready(suite), what="every replica to be ready", seconds=120)
    suite.reporter.table(("DEPLOYMENT", "READY"), found.items())
    suite.reporter.command(PODS)
    pods = await suite.platform.pods()
    # Without the other columns each name is whole at 80 columns.
    rows = [(p.name, "yes" if p.ready else "no", p.ip) for p in pods]
    suite.reporter.table(("POD", "READY", "IP"), sorted(rows))
    if REST_SERVICE in services():
        await _two_replicas(suite)
    existing = {name for one in services().values() for name in one.deployments.values()}
    for name, replicas in EXPECTED.items():
        if name not in existing:
            continue
        seen = found.get(name, 0)
        suite.reporter.check(f"{name} has {replicas} ready", holds=seen == replicas, seen=seen)


async def _two_replicas(suite: Suite) -> None:
    """Ask a Service until a second replica responds."""
    first = await suite.call(REST, "/greeting")

    async def other() -> Reply | None:
        reply = await suite.call(REST, "/greeting")
        return reply if reply.ok and reply.body != first.body else None

    second = await until(other, what="another replica to respond", seconds=30)
    suite.reporter.changed("GET /greeting twice: the Service chooses a pod", first, second)


async def _all_ready(suite: Suite) -> dict[str, int] | None:
    """Return ready replicas by Deployment once all are as wanted."""
    deployments = await suite.platform.objects("deployments")
    ready = {d["metadata"]["name"]: _ready(d) for d in deployments}
    complete = all(_ready(d) == d["spec"].get("replicas", 1) for d in deployments)
    return ready if complete and ready else None


def _ready(deployment: dict[str, Any]) -> int:
    return int(deployment["status"].get("readyReplicas", 0))


CHAPTER = Chapter("Every replica is ready", COMMANDS, play)
