"""Canaries in steps, under load: a good version arrives, a bad one goes back by itself."""

import time

from story.scenarios.command import succeeds, suitectl
from story.scenarios.pressure import detail, nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.command_lines import Verb, verb
from suitectl.platform.kubernetes import Kubernetes
from suitectl.release.shares import tolerance
from suitectl.story.chapters.canary import V2, scale
from suitectl.story.load import Tally, enough, load
from suitectl.story.suite import Suite

STEPS = ("--v1=1", "--v2=4", "--steps=25,50", "--pause=5")
FIRST_SHARE = 1 / 5
"""Of the bad version in the first step, which it does not get beyond."""
AFTER = 100
ERRORS = "DIFF_NS_SERVICE__FAULTS__ERROR_RATE"
LATENCY = "DIFF_NS_SERVICE__FAULTS__LATENCY_MS"
ALLOW = "DIFF_NS_SERVICE__FAULTS__ALLOW"


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    good = await _good(suite)
    await scale(suite, v1=5, v2=0)
    failing = await _bad(suite, cluster, f"{ERRORS}=0.3")
    slow = await _bad(suite, cluster, f"{LATENCY}=300")
    return f"{good}; v2 failing 30 %: {failing}; v2 slower by 300 ms: {slow}"


async def _good(suite: Suite) -> str:
    """Go to 3:3 and in steps to 1:4; the command fails where a share is outside its tolerance."""
    async with pressure(suite) as tally:
        await succeeds(suite, "canary", "--v1=3", "--v2=3")
        await succeeds(suite, "canary", *STEPS)
    return f"3:3 and 1:4 within tolerance, {nothing_failed(suite, tally)}"


async def _bad(suite: Suite, cluster: Kubernetes, fault: str) -> str:
    """Have v2 be bad, with a fault as the environment says it; see it sent back."""
    name = fault.partition("=")[0]
    await suite.run(_set(f"{ALLOW}=true", fault))
    try:
        async with pressure(suite) as relayed, load(suite.http, [await detail(suite)]) as direct:
            began = time.monotonic()
            code, said = await suitectl(suite, "canary", *STEPS)
            took = time.monotonic() - began
            await settled(cluster)
            await enough(direct, AFTER)
    finally:
        await suite.run(_set(f"{ALLOW}-", f"{name}-"))
    suite.reporter.check("it goes back by itself", holds=code == 1 and "back at" in said, seen=said)
    counts = _within_share(suite, direct), _within_share(suite, relayed)
    return f"back after {took:.1f} s, {counts[0]} at the Service, {counts[1]} at rest-service"


def _within_share(suite: Suite, tally: Tally) -> str:
    """Check that no more failed than v2 was asked; return how many did, of those until then."""
    failed = tally.failed
    if not failed:
        return f"0 of {len(tally.replies):,} failed"
    first, last = min(r.started for r in failed), max(r.ended for r in failed)
    among = [reply for reply in tally.replies if first <= reply.started <= last]
    share = len(failed) / len(among)
    suite.reporter.check(
        f"no more than v2's share of {FIRST_SHARE:.0%} fails until then",
        holds=share <= FIRST_SHARE + tolerance(FIRST_SHARE, len(among)),
        seen=f"{share:.1%} of {len(among)}; {tally.summary()}",
    )
    return f"{len(failed)} of {len(among):,} failed until then"


def _set(*variables: str) -> Verb:
    return verb(f"set env deployment/{V2} -n ns-app {' '.join(variables)}")


SCENARIO = Scenario(
    name="canaries",
    title="canary 3:3, then 1:4, in steps; a bad v2 (errors, then latency)",
    must="share within tolerance; goes back by itself, failures no more than v2's share until then",
    play=play,
)
