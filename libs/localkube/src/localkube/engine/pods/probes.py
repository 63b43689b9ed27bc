"""Startup, readiness and liveness probes, by kubelet's rules of thresholds."""

import asyncio
from collections.abc import AsyncIterator

from localkube.api.objects import Object
from localkube.engine.pods.actions import ActionFailedError, Target, perform

FAST_PERIOD_S = 0.1
"""Period until the first success, so that a start does not wait for the probe's own period."""
TICK_S = 0.25
"""Probes begin at multiples of it, so that those of many pods share the engine's wake-ups."""

_DEFAULTS = {
    "initialDelaySeconds": 0,
    "periodSeconds": 10,
    "timeoutSeconds": 1,
    "successThreshold": 1,
    "failureThreshold": 3,
}


async def probe_results(
    probe: Object, target: Target, *, fast_start: bool
) -> AsyncIterator[str | None]:
    """Yield None for success, else the failure, each time a threshold is reached.

    `fast_start` shortens the period until the first success, for as long as failures are tolerated.
    """
    probe = _with_defaults(probe)
    await asyncio.sleep(probe["initialDelaySeconds"])
    healthy, run, deadline = False, 0, _now() + probe["periodSeconds"] * probe["failureThreshold"]
    while True:
        reason = await _attempt(probe, target)
        run = run + 1 if (reason is None) is healthy else 1
        healthy = reason is None
        fast_start = fast_start and not healthy and _now() < deadline
        if run >= probe["successThreshold" if healthy else "failureThreshold"]:
            yield reason
        await asyncio.sleep(FAST_PERIOD_S if fast_start else _until_next(probe["periodSeconds"]))


async def first_success(probe: Object, target: Target) -> str | None:
    """Probe until the first success; return the failure once the failure threshold is used up."""
    limits = _with_defaults(probe)
    tolerance = limits["initialDelaySeconds"] + limits["periodSeconds"] * limits["failureThreshold"]
    deadline = _now() + tolerance
    async for reason in probe_results(probe, target, fast_start=True):
        if reason is None or _now() >= deadline:
            return reason
    return None


def _until_next(period: float) -> float:
    """Return the seconds until a period after the latest tick, which an attempt begins at."""
    return max(0.0, period - _now() % TICK_S)


def _with_defaults(probe: Object) -> Object:
    """Fill in Kubernetes' defaults, also for 0."""
    return _DEFAULTS | {key: value for key, value in probe.items() if value}


async def _attempt(probe: Object, target: Target) -> str | None:
    try:
        await perform(probe, target, probe["timeoutSeconds"])
    except ActionFailedError as error:
        return str(error)
    return None


def _now() -> float:
    return asyncio.get_running_loop().time()
