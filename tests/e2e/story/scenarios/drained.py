"""A node is drained as for maintenance, and uncordoned."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from story.scenarios.nodes import Node, nodes
from story.scenarios.pressure import only_refused, pressure, span
from story.scenarios.scenario import Scenario
from story.scenarios.victim import victim
from story.settled import replaced, settled
from suitectl.catalogue import namespaces_of_services
from suitectl.command_lines import verb
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.chapters import faults
from suitectl.story.load import Tally
from suitectl.story.suite import Suite, ready_pods

WITHOUT_PRIMARY_S = 3.0


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    node, what = await victim(suite, cluster)
    async with pressure(suite) as tally:
        async with _drained(suite, node):
            await replaced(cluster)
            left = next(n.apps for n in await nodes(cluster) if n.name == node.name)
            suite.reporter.check(f"nothing of the suite is left on {node.name}", holds=not left)
        _only_refused(suite, tally)
        await faults.rolled(suite, tally)
        await settled(cluster)
        spread = await _spread(suite, cluster)
    refused = _only_refused(suite, tally)
    return f"{what}: {refused}; spread again: {spread}"


@asynccontextmanager
async def _drained(suite: Suite, node: Node) -> AsyncIterator[None]:
    drain = verb(f"drain {node.name} --ignore-daemonsets --delete-emptydir-data --timeout=170s")
    uncordon = verb(f"uncordon {node.name}")
    try:
        await suite.run(drain, show=True)
        yield
    finally:
        await suite.run(uncordon, show=True)


def _only_refused(suite: Suite, tally: Tally) -> str:
    """Check that every failure was a 503 with Retry-After, and for a short time."""
    counted = only_refused(suite, tally.replies, "requests")
    took = span(tally.failed)
    suite.reporter.check(
        f"refused for no longer than {WITHOUT_PRIMARY_S:g} s",
        holds=took <= WITHOUT_PRIMARY_S,
        seen=f"{took:.1f} s",
    )
    return (
        f"{counted} within {took:.1f} s" if tally.failed else f"0 of {len(tally.replies):,} failed"
    )


async def _spread(suite: Suite, cluster: Kubernetes) -> str:
    """Check that pod counts of each service differ by at most one between nodes; return them."""
    names = [node.name for node in await nodes(cluster)]
    counted = await _placed(cluster)
    for service, placed in counted.items():
        counts = [placed[name] for name in names]
        suite.reporter.check(
            f"{service} is spread", holds=max(counts) - min(counts) <= 1, seen=dict(placed)
        )
    return ", ".join(
        f"{service} {'/'.join(str(placed[name]) for name in names)}"
        for service, placed in counted.items()
    )


async def _placed(cluster: Kubernetes) -> Mapping[str, Counter[str]]:
    """Count the pods of each service or, where it has versions, of each version, by node."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for app, namespace in namespaces_of_services().items():
        for pod in await ready_pods(cluster, app, namespace):
            version = pod.labels.get("version", "")
            found[f"{app} {version}".rstrip()][pod.node] += 1
    return found


SCENARIO = Scenario(
    title="`kubectl drain` of a node, PDBs in force",
    must="nothing but 2xx, and 503 with Retry-After for ≤ 3 s where it held the Redis primary;"
    " after uncordon and `rollout restart` spread again",
    play=play,
)
