"""Canaries in steps under load: a good version succeeds, a bad one is rolled back."""

import time

from story.scenarios.command import succeeds, suitectl
from story.scenarios.pressure import detail, nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.command_lines import Verb, verb
from suitectl.platform.kubernetes import Kubernetes
from suitectl.release.shares import tolerance
from suitectl.story.cast import DIFF_NS_SERVICE
from suitectl.story.chapters.canary import V2, scale
from suitectl.story.load import Tally, enough, load
from suitectl.story.suite import Suite

CANARY = ("canary", f"--service={DIFF_NS_SERVICE}")
STEPS = ("--v1=1", "--v2=4", "--steps=25,50", "--pause=5")
FIRST_SHARE = 1 / 5
"""The share of the bad version in the first step, where it fails."""
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
    """Run a canary to 3:3 and in steps to 1:4. The command fails if a share is out of tolerance."""
    async with pressure(suite) as tally:
        await succeeds(suite, *CANARY, "--v1=3", "--v2=3")
        await succeeds(suite, *CANARY, *STEPS)
    return f"3:3 and 1:4 within tolerance, {nothing_failed(suite, tally)}"


async def _bad(suite: Suite, cluster: Kubernetes, fault: str) -> str:
    """Configure a fault of v2 by its environment, and check that the canary is rolled back."""
    name = fault.partition("=")[0]
    await suite.run(_set(f"{ALLOW}=true", fault))
    try:
        async with pressure(suite) as relayed, load(suite.http, [await detail(suite)]) as direct:
            began = time.monotonic()
            code, said = await suitectl(suite, *CANARY, *STEPS)
            took = time.monotonic() - began
            await settled(cluster)
            await enough(direct, AFTER)
    finally:
        await suite.run(_set(f"{ALLOW}-", f"{name}-"))
    suite.reporter.check(
        "the bad version is rolled back", holds=code == 1 and "back at" in said, seen=said
    )
    counts = _within_share(suite, direct), _within_share(suite, relayed)
    return f"back after {took:.1f} s, {counts[0]} at the Service, {counts[1]} at rest-service"


def _within_share(suite: Suite, tally: Tally) -> str:
    """Check that no more requests failed than v2's share until the rollback; return the count."""
    failed = tally.failed
    if not failed:
        return f"0 of {len(tally.replies):,} failed"
    first, last = min(r.started for r in failed), max(r.ended for r in failed)
    among = [reply for reply in tally.replies if first <= reply.started <= last]
    share = len(failed) / len(among)
    suite.reporter.check(
        f"no more than v2's share of {FIRST_SHARE:.0%} fails until the rollback",
        holds=share <= FIRST_SHARE + tolerance(FIRST_SHARE, len(among)),
        seen=f"{share:.1%} of {len(among)}; {tally.summary()}",
    )
    return f"{len(failed)} of {len(among):,} failed until then"


def _set(*variables: str) -> Verb:
    return verb(f"set env deployment/{V2} -n ns-app {' '.join(variables)}")


SCENARIO = Scenario(
    title="canary 3:3, then 1:4, in steps; a bad v2 (errors, then latency)",
    must="share within tolerance; bad version rolled back, failures within v2's share until then",
    play=play,
)
