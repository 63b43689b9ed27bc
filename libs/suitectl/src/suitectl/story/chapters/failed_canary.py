"""A new version that fails: its canary notices, and goes back by itself."""

import asyncio
import json
import sys
from collections.abc import Mapping

from suitectl.command_lines import Shell, Verb, verb
from suitectl.shell import end, start
from suitectl.story.cast import DIFF_NS, DIFF_NS_SERVICE, GREETING
from suitectl.story.chapter import Chapter
from suitectl.story.suite import Suite

V2 = "diff-ns-service-v2-deployment"
PREFIX = "DIFF_NS_SERVICE__FAULTS__"
FAULTY = {f"{PREFIX}ERROR_RATE": "0.5", f"{PREFIX}ALLOW": "true"}
HEALTHY = {f"{PREFIX}ERROR_RATE": "0", f"{PREFIX}ALLOW": "false"}
CANARY_S = 300.0
_OPTIONS = (f"--service={DIFF_NS_SERVICE}", "--v1=3", "--v2=3")


def _patched(variables: Mapping[str, str]) -> Verb:
    """Return the verb that sets variables of v2's pods."""
    env = [{"name": name, "value": value} for name, value in variables.items()]
    pod = {"containers": [{"name": "diff-ns-service", "env": env}]}
    patch = json.dumps({"spec": {"template": {"spec": pod}}})
    return Verb(("patch", "deployment", V2, "-n", DIFF_NS[1], "-p", patch))


BREAK, HEAL = _patched(FAULTY), _patched(HEALTHY)
CANARY = Shell(f"make canary SERVICE={DIFF_NS_SERVICE} V1=3 V2=3")
STATUS = verb(f"rollout status deployment/{V2} -n {DIFF_NS[1]} --timeout=120s")
COMMANDS = (BREAK, STATUS, CANARY, HEAL)


async def play(suite: Suite) -> None:
    """Have v2 fail half of its requests, start a canary to it, and see it go back."""
    await suite.run(BREAK, show=True)
    await suite.run(STATUS)
    before = await suite.call(DIFF_NS, GREETING)
    traffic = await _traffic(suite)
    suite.reporter.command(CANARY)
    code, said = await _canary(suite)
    suite.reporter.explain(said)
    suite.reporter.check(
        "the canary fails and goes back by itself",
        holds=code == 1 and "back at" in said,
        seen=f"exit code {code}",
    )
    after = await suite.call(DIFF_NS, GREETING)
    suite.reporter.changed(f"GET {GREETING}", before, after)
    suite.reporter.check(
        "selector and replicas are those of before", holds=await _traffic(suite) == traffic
    )
    await suite.run(HEAL, show=True)
    await suite.run(STATUS)


async def _traffic(suite: Suite) -> object:
    """Return what decides who gets the traffic."""
    service = await suite.platform.object("service", *DIFF_NS)
    found = await suite.platform.objects("deployments", DIFF_NS[1])
    replicas = {one["metadata"]["name"]: one["spec"]["replicas"] for one in found}
    return service["spec"]["selector"], replicas


async def _canary(suite: Suite) -> tuple[int, str]:
    """Run the command on this suite; return its exit code and its last line."""
    process = await start(
        (sys.executable, "-m", "suitectl", "canary", *_OPTIONS),
        environment=suite.platform.environment(),
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(CANARY_S):
            out, _ = await process.communicate()
    finally:
        await end(process)
    return process.returncode or 0, out.decode().strip().rpartition("\n")[2]


CHAPTER = Chapter("A bad canary goes back by itself", COMMANDS, play, needs=(DIFF_NS_SERVICE,))
