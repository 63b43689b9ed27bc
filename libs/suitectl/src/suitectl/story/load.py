"""A steady stream of requests beside a step, and the count of what came of it."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from suitectl.platform.http import Reply, Request, Sender

WORKERS = 8
PAUSE_S = 0.05
"""Between two requests of a worker: about 130 requests a second in all."""
STALLED_S = 30.0
"""A load is stalled, not slow, when no request ends for so long."""


@dataclass(slots=True)
class Tally:
    """The replies so far, in the order in which they ended; `fresh` on connections of their own."""

    replies: list[Reply] = field(default_factory=list)
    fresh: list[Reply] = field(default_factory=list)

    @property
    def failed(self) -> list[Reply]:
        """Return the replies that are not 2xx."""
        return [reply for reply in self.replies if not reply.ok]

    def summary(self) -> str:
        """Count requests and failures, the failures by kind."""
        kinds = Counter(f"{reply.status} {reply.body[:80]}" for reply in self.failed)
        detail = "; ".join(f"{count} x {kind}" for kind, count in kinds.most_common(3))
        slowest = max((reply.elapsed for reply in self.replies), default=0.0)
        counted = f"{len(self.failed)} of {len(self.replies)} requests failed"
        return f"{counted}, slowest {slowest * 1000:.0f} ms" + (f": {detail}" if detail else "")


@asynccontextmanager
async def load(
    http: Sender, requests: Sequence[Request], *, workers: int = WORKERS, fresh: bool = True
) -> AsyncIterator[Tally]:
    """Send the requests in turn while the block runs; half the workers reuse connections.

    Without `fresh` all of them do. Nothing is sent twice, and leaving the block awaits the
    requests under way.
    """
    tally, ended = Tally(), asyncio.Event()
    cycle = itertools.cycle(requests)
    async with asyncio.TaskGroup() as group:
        for number in range(workers):
            group.create_task(
                _work(http, cycle, tally, ended, keep_alive=not fresh or number % 2 == 0)
            )
        try:
            yield tally
        finally:
            ended.set()


async def _work(
    http: Sender,
    requests: "itertools.cycle[Request]",
    tally: Tally,
    ended: asyncio.Event,
    *,
    keep_alive: bool,
) -> None:
    while not ended.is_set():
        reply = await http.send(next(requests), keep_alive=keep_alive)
        tally.replies.append(reply)
        if not keep_alive:
            tally.fresh.append(reply)
        await _pause(ended)


async def _pause(ended: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(ended.wait(), PAUSE_S)
    except TimeoutError:
        return


async def enough(tally: Tally, count: int) -> None:
    """Wait until `count` more requests have ended; raise `TimeoutError` if none ends for 30 s."""
    seen = len(tally.replies)
    goal, deadline = seen + count, time.monotonic() + STALLED_S
    while seen < goal:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no progress of the load: {tally.summary()}")
        await asyncio.sleep(PAUSE_S)
        if len(tally.replies) > seen:
            seen, deadline = len(tally.replies), time.monotonic() + STALLED_S
