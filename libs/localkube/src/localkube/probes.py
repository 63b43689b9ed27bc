"""Startup, readiness and liveness probes, by kubelet's rules of thresholds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from localkube.actions import ActionFailedError, Target, perform
from localkube.objects import Object

HASTE_S = 0.1
"""Until it first succeeds a probe is tried this often, so that nothing waits for a period's end."""

Report = Callable[[str | None], Awaitable[None] | None]
"""Takes None for healthy, else the reason; called when a threshold is reached."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe of a manifest with Kubernetes' defaults; times in seconds."""

    action: Object
    initial_delay: float
    period: float
    timeout: float
    success_threshold: int
    failure_threshold: int

    @classmethod
    def of(cls, document: Object | None) -> "Probe | None":
        """Read a probe, if there is one."""
        if document is None:
            return None
        return cls(
            document,
            initial_delay=document.get("initialDelaySeconds") or 0,
            period=document.get("periodSeconds") or 10,
            timeout=document.get("timeoutSeconds") or 1,
            success_threshold=document.get("successThreshold") or 1,
            failure_threshold=document.get("failureThreshold") or 3,
        )


async def first_success(probe: Probe, target: Target) -> str | None:
    """Try until the first success; return the reason when failureThreshold periods have passed."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(probe.initial_delay)
    deadline = loop.time() + probe.period * probe.failure_threshold
    while True:  # a period passes, no event comes
        reason = await _attempt(probe, target)
        if reason is None or loop.time() >= deadline:
            return reason
        await asyncio.sleep(min(HASTE_S, probe.period))


async def watch(probe: Probe, target: Target, report: Report, *, hasty: bool = False) -> None:
    """Probe for ever and report each time a threshold is reached.

    `hasty` shortens the period until the first success, for as long as startup usually takes.
    """
    await asyncio.sleep(probe.initial_delay)
    healthy, run, tries = False, 0, 0
    while True:
        reason = await _attempt(probe, target)
        run = run + 1 if (reason is None) is healthy else 1
        healthy, tries = reason is None, tries + 1
        if run >= (probe.success_threshold if healthy else probe.failure_threshold):
            hasty = hasty and not healthy
            await _tell(report, reason)
        quick = hasty and tries * HASTE_S < probe.period * probe.failure_threshold
        await asyncio.sleep(min(HASTE_S, probe.period) if quick else probe.period)


async def _tell(report: Report, reason: str | None) -> None:
    answer = report(reason)
    if answer is not None:
        await answer


async def _attempt(probe: Probe, target: Target) -> str | None:
    try:
        await perform(probe.action, target, probe.timeout)
    except ActionFailedError as error:
        return str(error)
    return None
