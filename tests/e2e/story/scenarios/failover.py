"""The Redis primary is killed, once or repeatedly, and the Sentinels promote another one."""

import os
import signal
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace

from story.patience import Patience, Patient
from story.scenarios.killed import process_of
from story.scenarios.ledger import Ledger, issuing
from story.scenarios.pressure import only_refused
from story.scenarios.scenario import WHOLE_TABLE, Scenario
from story.scenarios.store import has_replicas_in_sync, primary
from story.settled import settled
from story.whole_load import whole_load
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.pod import Pod
from suitectl.story.chapters import signed_tokens
from suitectl.story.suite import Suite
from suitectl.waiting import until

KILLS = 7 if WHOLE_TABLE else 1
WRITERS = 8
MEDIAN_S, WORST_S = 3.0, 10.0
RETRIED_S = 15.0 if WHOLE_TABLE else 75.0
"""How long a client tries again what was refused.

Where cores are shared with other work, a Sentinel that was not scheduled does nothing for 30 s
(redis.io, Sentinel, TILT mode).
"""
WRITTEN = 40
"""The failover is over after this many acknowledged writes to the new primary."""


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    patience = Patience(RETRIED_S)
    async with (
        whole_load(suite, patience) as work,
        signed_tokens.signed(suite),
        issuing(suite, writers=WRITERS) as ledger,
    ):
        outages = [await _another_kill(suite, cluster, ledger) for _ in range(KILLS)]
        await work.goes_on()
    refused = only_refused(suite, ledger.writes, "writes")
    # A Sentinel may still choose another primary.
    patient = replace(suite, http=Patient(suite.http, Patience(RETRIED_S)))
    counted, audited = await work.verdict(patient), await ledger.audit(patient)
    return f"killed {KILLS} x: {_judged(suite, outages)}; {refused}; {audited}; {counted}"


async def _another_kill(suite: Suite, cluster: Kubernetes, ledger: Ledger) -> float:
    await until(lambda: has_replicas_in_sync(cluster), what="two replicas in sync", seconds=180)
    outage = await _killed(suite, cluster, ledger)
    await settled(cluster)
    return outage


def _judged(suite: Suite, outages: Sequence[float]) -> str:
    median, worst = statistics.median(outages), max(outages)
    if not WHOLE_TABLE:
        return f"writes back after {worst:.1f} s"
    figures = f"writes back p50 {median:.1f} s, worst {worst:.1f} s"
    suite.reporter.check(
        f"writes are back within p50 {MEDIAN_S:g} s, worst {WORST_S:g} s",
        holds=median <= MEDIAN_S and worst <= WORST_S,
        seen=f"{figures}: {', '.join(f'{one:.1f}' for one in outages)}",
    )
    return figures


async def _killed(suite: Suite, cluster: Kubernetes, ledger: Ledger) -> float:
    """Kill the primary; return the longest time without an acknowledged write."""
    victim = await until(lambda: primary(cluster), what="a primary", seconds=30)
    killed = time.time()
    os.kill(process_of(victim.document), signal.SIGKILL)
    await _another(cluster, victim)
    outage = await writes_back(ledger, killed)
    suite.reporter.reached(f"{victim.name} was killed", seen=f"writes back after {outage:.2f} s")
    return outage


async def writes_back(ledger: Ledger, killed: float) -> float:
    """Wait until writes are acknowledged again; return the longest time without one, in seconds."""
    goal = len(ledger.acknowledged(killed)) + WRITTEN

    async def written() -> bool:
        return len(ledger.acknowledged(killed)) >= goal

    await until(written, what="writes after a failover", seconds=2 * RETRIED_S)
    return ledger.outage(killed, time.time())


async def _another(cluster: Kubernetes, killed: Pod) -> Pod:
    async def another() -> Pod | None:
        now = await primary(cluster)
        return now if now is not None and now.name != killed.name else None

    return await until(another, what=f"a primary after {killed.name}", seconds=60)


_TIMES = f"writes back: p50 ≤ {MEDIAN_S:g} s, worst ≤ {WORST_S:g} s; " if WHOLE_TABLE else ""
SCENARIO = Scenario(
    title="Redis primary killed (Sentinel)",
    must=(
        f"{_TIMES}0 acknowledged tokens lost, 0 revoked still valid; with retries of what was"
        f" refused for at most {RETRIED_S:g} s: 0 failed requests, refreshes, checks and logins"
    ),
    play=play,
    smoke=True,
    kills=True,
)
