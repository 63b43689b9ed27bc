"""docs/design/reliability.md, "Faults that are tested": one of three replicas is killed."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from chassis.client.caller import Caller
from chassis.client.errors import ServiceUnavailable
from integration.chassis_client.balancer import balanced
from integration.chassis_client.callers import SERVICE, calling, post

WORKERS = 64
SCRIPT = Path(__file__).with_name("replica_process.py")


@contextmanager
def replica(name: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen(
        [sys.executable, SCRIPT, name], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


class Milestone:
    """Counts outcomes, and lets a test await a number of them."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self._goal, self._reached = 0, asyncio.Event()

    def count(self, outcome: str) -> None:
        self.outcomes[outcome] += 1
        if self.outcomes.total() >= self._goal:
            self._reached.set()

    async def more(self, count: int) -> None:
        self._goal = self.outcomes.total() + count
        self._reached.clear()
        await self._reached.wait()


async def call_until(stop: asyncio.Event, caller: Caller, milestone: Milestone) -> None:
    while not stop.is_set():
        try:
            response = await caller.call(SERVICE, post(), idempotent=True)
            milestone.count(response.body.decode())
        except Exception as error:  # noqa: BLE001 - any failure counts
            milestone.count(f"failed: {error!r}")


def failures(outcomes: Counter[str]) -> list[str]:
    return [outcome for outcome in outcomes if outcome.startswith("failed")]


@pytest.mark.anyio
async def test_no_call_fails_while_the_balancer_still_chooses_a_killed_replica() -> None:
    """All connections to the dead replica break, and a third of the new ones reach it again."""
    milestone, stop = Milestone(), asyncio.Event()
    with ExitStack() as stack:
        replicas = [stack.enter_context(replica(name)) for name in ("a", "b", "c")]
        async with balanced([port for _, port in replicas]) as (balancer, address):
            caller = stack.enter_context(calling(address))
            async with asyncio.TaskGroup() as workers:
                for _ in range(WORKERS):
                    workers.create_task(call_until(stop, caller, milestone))
                await milestone.more(1000)
                replicas[0][0].kill()
                await milestone.more(1000)
                balancer.replicas.remove(replicas[0][1])
                await milestone.more(1000)
                stop.set()
    assert failures(milestone.outcomes) == []
    assert balancer.to_dead > 0
    assert set(milestone.outcomes) == {"a", "b", "c"}


@pytest.mark.anyio
async def test_an_outage_of_all_replicas_causes_errors_within_the_retry_budget() -> None:
    """Retries during an outage must not multiply the load on the remaining replicas."""
    with replica("gone") as (process, port):
        process.kill()
    async with balanced([port]) as (balancer, address):
        with calling(address, ratio=0.2, capacity=10, floor=0.0) as caller:
            calls = (caller.call(SERVICE, post(), idempotent=True) for _ in range(200))
            ended = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(outcome, ServiceUnavailable) for outcome in ended)
    assert 200 < balancer.to_dead <= 200 + 10 + 200 * 0.2
