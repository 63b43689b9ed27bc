"""Startup, readiness and liveness probes, by kubelet's rules of thresholds."""

import asyncio
from collections.abc import AsyncIterator

from localkube.api.objects import Object
from localkube.engine.pods.actions import ActionFailedError, Target, perform

HASTE_S = 0.1
"""Until it first succeeds a probe is tried this often, so that nothing waits for a period's end."""

_DEFAULTS = {
    "initialDelaySeconds": 0,
    "periodSeconds": 10,
    "timeoutSeconds": 1,
    "successThreshold": 1,
    "failureThreshold": 3,
}


async def verdicts(probe: Object, target: Target, *, hasty: bool) -> AsyncIterator[str | None]:
    """Yield None for healthy, else the reason, each time a threshold is reached.

    `hasty` shortens the period until the first success, for as long as failures are tolerated.
    """
    probe = _filled(probe)
    await asyncio.sleep(probe["initialDelaySeconds"])
    healthy, run, patience = False, 0, _now() + probe["periodSeconds"] * probe["failureThreshold"]
    while True:
        reason = await _attempt(probe, target)
        run = run + 1 if (reason is None) is healthy else 1
        healthy = reason is None
        hasty = hasty and not healthy and _now() < patience
        if run >= probe["successThreshold" if healthy else "failureThreshold"]:
            yield reason
        await asyncio.sleep(HASTE_S if hasty else probe["periodSeconds"])


async def first_success(probe: Object, target: Target) -> str | None:
    """Try until the first success; return the reason once all tolerated failures are used up."""
    limits = _filled(probe)
    patience = limits["initialDelaySeconds"] + limits["periodSeconds"] * limits["failureThreshold"]
    deadline = _now() + patience
    async for reason in verdicts(probe, target, hasty=True):
        if reason is None or _now() >= deadline:
            return reason
    return None


def _filled(probe: Object) -> Object:
    """Fill in the defaults, for which 0 stands as well."""
    return _DEFAULTS | {key: value for key, value in probe.items() if value}


async def _attempt(probe: Object, target: Target) -> str | None:
    try:
        await perform(probe, target, probe["timeoutSeconds"])
    except ActionFailedError as error:
        return str(error)
    return None


def _now() -> float:
    return asyncio.get_running_loop().time()
