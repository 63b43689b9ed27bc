"""Load rises and falls, and the autoscalers adjust the replicas."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from story.scenarios.pressure import nothing_failed
from story.scenarios.scenario import Scenario
from story.settled import settled
from suitectl.platform.kubernetes import Kubernetes
from suitectl.root import ROOT
from suitectl.story.cast import APP
from suitectl.story.chapters.faults import requests_of
from suitectl.story.load import enough, load
from suitectl.story.suite import Suite
from suitectl.tokens import password_grant
from suitectl.waiting import until

AUTOSCALERS = ROOT / "tests/e2e/autoscalers"
RISEN = 24
"""Workers that call rest-service, which rarely calls cas-server because it caches tokens."""
LOGINS = 3
"""Workers that log in. A password check is the most expensive request to cas-server."""
QUIET = 1
"""Workers that continue during scale-in, which must not fail requests either."""
SECONDS = 240
Replicas = Mapping[str, tuple[int, int, int]]
"""Minimum, maximum and current replicas by autoscaler."""


async def play(suite: Suite, cluster: Kubernetes) -> str:
    requests = await requests_of(suite)
    login = await suite.form("/oauth/token", APP, password_grant("alice"))
    async with _autoscalers(cluster), load(suite.http, requests, workers=QUIET) as tally:
        await scaled_in(cluster)
        before = await _replicas(cluster)
        async with (
            load(suite.http, requests, workers=RISEN) as risen,
            load(suite.http, [login], workers=LOGINS) as logins,
        ):
            out = await _scaled_out(suite, cluster)
            await settled(cluster)
            await enough(risen, 100)
            most = await _replicas(cluster)
        began = time.monotonic()
        await scaled_in(cluster)
        suite.reporter.reached("replicas are back", seen=f"{time.monotonic() - began:.0f} s")
    counts = [nothing_failed(suite, one) for one in (risen, logins, tally)]
    grown = ", ".join(f"{n} {before[n][2]} → {most[n][2]}" for n in before)
    return (
        f"{grown} within {out:.0f} s, back within {time.monotonic() - began:.0f} s;"
        f" {counts[0]} at rest-service, {counts[1]} of the logins, {counts[2]} from first to last"
    )


@asynccontextmanager
async def _autoscalers(cluster: Kubernetes) -> AsyncIterator[None]:
    """Apply the autoscalers only during the block, since they would disturb other scenarios."""
    rendered = await cluster.run("kustomize", str(AUTOSCALERS))
    await cluster.run("apply", "-f", "-", stdin=rendered)
    try:
        yield
    finally:
        await cluster.run("delete", "--ignore-not-found", "-f", "-", stdin=rendered)


async def scaled_in(cluster: Kubernetes) -> None:
    """Wait until each autoscaler is at its minimum with all replicas ready."""

    async def is_scaled_in() -> bool:
        found = await _replicas(cluster)
        return bool(found) and all(now == least for least, _, now in found.values())

    await until(is_scaled_in, what="the autoscalers to scale in", seconds=SECONDS, every=1)
    await settled(cluster)


async def _scaled_out(suite: Suite, cluster: Kubernetes) -> float:
    """Wait until each autoscaler is above its minimum; return the seconds."""
    began = time.monotonic()

    async def more() -> bool:
        return all(now > least for least, _, now in (await _replicas(cluster)).values())

    await until(more, what="the autoscalers to scale out", seconds=SECONDS, every=1)
    took = time.monotonic() - began
    suite.reporter.reached("replicas follow the load", seen=f"{took:.0f} s")
    return took


async def _replicas(cluster: Kubernetes) -> Replicas:
    scalers = await cluster.objects("horizontalpodautoscalers")
    return {scaler["metadata"]["name"]: _counts(scaler) for scaler in scalers}


def _counts(scaler: Mapping[str, Any]) -> tuple[int, int, int]:
    spec, status = scaler["spec"], scaler["status"]
    return spec["minReplicas"], spec["maxReplicas"], status.get("currentReplicas", 0)


SCENARIO = Scenario(
    title="load rises (HPA component)",
    must="scales out and in, 0 failed requests",
    play=play,
)
