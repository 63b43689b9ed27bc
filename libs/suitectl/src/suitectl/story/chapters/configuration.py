"""A ConfigMap is edited while the service runs: well, badly, and well again."""

import asyncio
import json
import time
from functools import partial

from suitectl.command_lines import Curl, Verb, verb
from suitectl.platform.http import Reply, Request
from suitectl.platform.pod import Pod
from suitectl.story.cast import REST, REST_SERVICE
from suitectl.story.chapter import Chapter
from suitectl.story.suite import Suite, ready_pods
from suitectl.waiting import until

EDIT = "edit configmap rest-service -n system-server"
DEV_GREETING = "Hello from dev"


def _good(greeting: str) -> Verb:
    return verb(EDIT, editor=f"sed -i 's/{greeting}/Good morning/'")


def _healing(greeting: str) -> Verb:
    return verb(EDIT, editor=f"sed -i 's/message: .Good morning/message: {greeting}/'")


BROKEN = verb(EDIT, editor="sed -i 's/message: Good morning/message: [Good morning/'")
GREETING = Curl(*REST, 2001, "/greeting")
COMMANDS = (GREETING, _good(DEV_GREETING), BROKEN, _healing(DEV_GREETING))

PROPAGATION_S = 120
"""A kubelet may take over a minute to sync a mount; localkube takes none."""


async def play(suite: Suite) -> None:
    """Edit well, badly, and well again."""
    pods = await ready_pods(suite.platform, "rest-service", "system-server")
    original = f"Hello from {suite.platform.profile}"
    suite.reporter.command(GREETING)
    for pod in pods:
        greeting = await _greeting(suite, pod)
        suite.reporter.check(f"{pod.name} greets", holds=original in greeting, seen=greeting)
    await _edit(suite, _good(original), pods, expected="Good morning")
    await _break(suite, pods)
    await _edit(suite, _healing(original), pods, expected=original, hasten=True)
    await _same_processes(suite, pods)


async def _edit(
    suite: Suite, edit: Verb, pods: list[Pod], *, expected: str, hasten: bool = False
) -> None:
    """Edit, and wait until every pod serves it; without `hasten` by kubelet's own sync."""
    before = await _ask(suite, pods[0])
    watching = [asyncio.create_task(_served(suite, pod, expected)) for pod in pods]
    await suite.run(edit, show=True)
    edited = time.time()
    if hasten:
        await suite.platform.hasten("rest-service", "system-server")
    for pod, served in zip(pods, await asyncio.gather(*watching), strict=True):
        took = served - await suite.platform.swapped_at(pod)
        seen = f"{took * 1000:.0f} ms after the swap, {served - edited:.1f} s after the edit"
        suite.reporter.reached(f"{pod.name} serves {expected!r}", seen=seen)
    suite.reporter.changed("GET /greeting", before, await _ask(suite, pods[0]))


async def _served(suite: Suite, pod: Pod, expected: str) -> float:
    """Return when the pod first responded with the expected greeting, in Unix seconds."""

    async def ask() -> float | None:
        return time.time() if expected in await _greeting(suite, pod) else None

    what = f"{pod.name} to serve {expected!r}"
    return await until(ask, what=what, seconds=PROPAGATION_S, every=0.005)


async def _greeting(suite: Suite, pod: Pod) -> str:
    return (await _ask(suite, pod)).body


async def _ask(suite: Suite, pod: Pod) -> Reply:
    request = Request("GET", await suite.platform.pod_url(pod) + "/greeting")
    return await suite.http.send(request, keep_alive=True)


async def _break(suite: Suite, pods: list[Pod]) -> None:
    before = await _ask(suite, pods[0])
    await suite.run(BROKEN, show=True)
    await suite.platform.hasten("rest-service", "system-server")
    for pod in pods:
        logged = partial(_rejection, suite, pod)
        what = f"{pod.name} to log the broken edit"
        record = json.loads(await until(logged, what=what, seconds=PROPAGATION_S))
        complete = all(record.get(part) for part in ("file", "line", "reason"))
        suite.reporter.check(f"{pod.name} logs file, line and reason", holds=complete)
        suite.reporter.explain(record["message"])
        greeting = await _greeting(suite, pod)
        unchanged = "Good morning" in greeting
        what = f"{pod.name} serves the last valid greeting"
        suite.reporter.check(what, holds=unchanged, seen=greeting)
    suite.reporter.changed("GET /greeting", before, await _ask(suite, pods[0]))


async def _rejection(suite: Suite, pod: Pod) -> str | None:
    """Return the log line about the broken edit, if it is there."""
    logs = await suite.run(verb(f"logs {pod.name} -n {pod.namespace} --tail=50"))
    lines = [line for line in logs.splitlines() if "application.yaml:" in line]
    return lines[-1] if lines else None


async def _same_processes(suite: Suite, before: list[Pod]) -> None:
    after = await ready_pods(suite.platform, "rest-service", "system-server")
    unchanged = {(p.name, p.restarts) for p in before} == {(p.name, p.restarts) for p in after}
    suite.reporter.check("no pod was restarted", holds=unchanged)


CHAPTER = Chapter("Configuration changes without a restart", COMMANDS, play, needs=(REST_SERVICE,))
