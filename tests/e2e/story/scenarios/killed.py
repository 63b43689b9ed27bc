"""A pod of each service is deleted, then a container of each is killed, under load."""

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

from story.scenarios.pressure import nothing_failed, pressure, span
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.catalogue import namespaces_of_services
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.pod import Pod
from suitectl.story.load import Tally, enough
from suitectl.story.suite import Suite, ready_pods
from suitectl.waiting import until

IN_FLIGHT = 8
"""Workers of the load. Each has at most one request in flight at a killed replica."""
UNSEEN_S = 5.0
"""Until its endpoint is removed: kubelet checks each second, kube-proxy batches for another."""
REFUSED = "ConnectError"
"""No request was sent: new connections reach the dead container until kubelet notices."""


async def play(suite: Suite, platform: Kubernetes) -> str:
    await settled(platform)
    async with pressure(suite) as tally:
        for app, namespace in namespaces_of_services().items():
            await _deleted(suite, platform, tally, app, namespace)
        deleted = nothing_failed(suite, tally)
        ours = namespaces_of_services()
        killed = [await _killed(suite, platform, tally, *one) for one in ours.items()]
    return f"deleted: {deleted}; killed {'; '.join(killed)}"


async def _deleted(
    suite: Suite, platform: Kubernetes, tally: Tally, app: str, namespace: str
) -> None:
    pods = await ready_pods(platform, app, namespace)
    victim = pods[0].name
    await platform.run("delete", "pod", victim, "-n", namespace, timeout=90)
    await settled(platform)
    await enough(tally, 100)
    suite.reporter.reached(f"{victim} was deleted and replaced", seen=tally.summary())


async def _killed(
    suite: Suite, platform: Kubernetes, tally: Tally, app: str, namespace: str
) -> str:
    pods = await ready_pods(platform, app, namespace)
    failed, victim = len(tally.failed), pods[0]
    os.kill(process_of(victim.document), signal.SIGKILL)

    async def restarted() -> bool:
        now = Pod(await platform.object("pod", victim.name, namespace))
        return now.restarts > victim.restarts and now.ready

    await until(restarted, what=f"{victim.name} to restart", seconds=60)
    await enough(tally, 100)
    kinds = Counter(reply.body.partition(":")[0] for reply in tally.failed[failed:])
    if app == "rest-service":
        # The load does not retry, so it sees the errors of a caller without retries.
        what, allowed = "only what was in flight there, beside refused connections", IN_FLIGHT
        lost = kinds.total() - kinds[REFUSED]
    else:
        what, allowed, lost = "nothing at rest-service", 0, kinds.total()
    suite.reporter.check(
        f"a killed container of {app} costs {what}",
        holds=lost <= allowed,
        seen=f"{dict(kinds) or 'none'}; {tally.summary()}",
    )
    refused = [r for r in tally.failed[failed:] if r.body.startswith(REFUSED)]
    suite.reporter.check(
        f"new connections are refused for no longer than {UNSEEN_S:g} s",
        holds=span(refused) <= UNSEEN_S,
        seen=f"{len(refused)} within {span(refused):.1f} s",
    )
    said = f", {len(refused)} new connections refused within {span(refused):.1f} s"
    return f"{app}: {lost} lost{said if refused else ''}"


def process_of(pod: dict[str, Any]) -> int:
    """Return the process id of a pod's first container on this machine. Raises `RuntimeError`.

    Only the kernel of the node can kill a container's first process, so the node must be on this
    machine, like nodes of kind.
    """
    container = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
    for directory in Path("/proc").iterdir():
        if directory.name.isdecimal() and _is_first(directory, container):
            return int(directory.name)
    raise RuntimeError(f"{pod['metadata']['name']} runs on a node that is not this machine")


def may_kill(pod: Pod) -> bool:
    """Return whether this process may kill a pod's container: as root, with the node here."""
    try:
        os.kill(process_of(pod.document), 0)
    except (RuntimeError, PermissionError):
        return False
    return True


def _is_first(directory: Path, container: str) -> bool:
    try:
        if container not in (directory / "cgroup").read_text():
            return False
        status = (directory / "status").read_text()
    except OSError:
        return False
    spaces = next(line.split() for line in status.splitlines() if line.startswith("NSpid:"))
    return spaces[-1] == "1" and len(spaces) > 2


SCENARIO = Scenario(
    title="a pod of each service deleted; a container killed by SIGKILL",
    must="deleted: 0 failed; killed cas-server or diff-ns-service: 0 failed at rest-service;"
    " killed rest-service: only what was in flight there, counted",
    play=play,
)
