"""Probes of many pods share the engine's wake-ups, and each one has its own period."""

import asyncio
from collections import Counter

from localkube.engine.pods.probes import TICK_S, probe_results
from virtual_time import run

PODS, SECONDS = 12, 20
TICKS_A_SECOND = round(1 / TICK_S)
READINESS = {"exec": {"command": ["true"]}, "periodSeconds": 1}


class Target:
    """A container that counts when it is probed."""

    def __init__(self, takes: float = 0.0) -> None:
        self.probed_at: list[float] = []
        self._takes = takes

    def address(self, port: int | str) -> tuple[str, int]:
        raise NotImplementedError

    async def execute(self, command: list[str], seconds: float) -> int | None:
        del command, seconds
        self.probed_at.append(asyncio.get_running_loop().time())  # clock: virtual time
        await asyncio.sleep(self._takes)  # clock: virtual time
        return 0


async def _probe(target: Target, start: float) -> None:
    await asyncio.sleep(start)  # clock: virtual time
    async for _ in probe_results(READINESS, target, fast_start=False):
        pass


async def _probed(targets: list[Target]) -> None:
    """Probe pods that start one after the other within a second."""
    starts = [number / len(targets) for number in range(len(targets))]
    probes = [asyncio.create_task(_probe(*pair)) for pair in zip(targets, starts, strict=True)]
    await asyncio.sleep(SECONDS)  # clock: virtual time
    for probe in probes:
        probe.cancel()


def test_the_probes_of_many_pods_begin_at_few_instants() -> None:
    targets = [Target(takes=0.003) for _ in range(PODS)]
    run(_probed(targets))

    instants = Counter(round(at, 3) for one in targets for at in one.probed_at[1:])
    assert sum(instants.values()) >= PODS * (SECONDS - 2)
    assert len(instants) <= SECONDS * TICKS_A_SECOND


def test_a_probe_has_its_own_period_whatever_an_attempt_takes() -> None:
    targets = [Target(takes=0.2)]
    run(_probed(targets))

    first, *rest = targets[0].probed_at[1:]
    assert [round(at - first, 3) for at in rest] == [float(n) for n in range(1, len(rest) + 1)]
