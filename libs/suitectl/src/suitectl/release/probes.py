"""Probes: requests whose responses name a version, each on a new connection."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from suitectl.platform.http import NO_RESPONSE, Reply, Request, Sender

AT_ONCE = 8
_OK = 200


@dataclass(frozen=True, slots=True)
class Probe:
    """One response at `base`, and the version that sent it; None and `failure` where it failed."""

    base: str
    version: str | None
    seconds: float
    failure: str = ""
    responded: bool = True


async def probe(sender: Sender, base: str) -> Probe:
    """Probe a URL once, on a new connection; the response ends in the version: `orders-v1`."""
    reply = await sender.send(Request("GET", base))
    name, _, version = reply.body.strip().rpartition("-")
    if reply.status == _OK and name:
        return Probe(base, version, reply.elapsed)
    return Probe(base, None, reply.elapsed, summary(reply), responded=reply.status != NO_RESPONSE)


def summary(reply: Reply) -> str:
    """Return a reply in a few words: its status, and its error or the start of its body."""
    body = reply.body
    with suppress(ValueError, TypeError, KeyError):
        body = reply.json()["error"]
    return " ".join(f"{reply.status or 'no response'} {body}".split())[:80]


async def probes(sender: Sender, base: str, count: int) -> Sequence[Probe]:
    """Probe `count` times, several at once."""
    found: list[Probe] = []
    await spread(sender, [base] * count, found.append)
    return found


async def spread(
    sender: Sender,
    bases: Sequence[str],
    seen: Callable[[Probe], None],
    *,
    seconds: float = 0.0,
) -> None:
    """Probe each base in turn, spread evenly over `seconds`, and pass each result to `seen`.

    An error of `seen` ends it. At most `AT_ONCE` requests run at a time.
    """
    began, places = asyncio.get_running_loop().time(), asyncio.Semaphore(AT_ONCE)
    try:
        async with asyncio.TaskGroup() as group:
            for number, base in enumerate(bases):
                await _sleep_until(began + seconds * number / len(bases))
                await places.acquire()
                group.create_task(_ask(sender, base, seen, places))
    except ExceptionGroup as errors:
        # The first error is the cause of the others.
        raise errors.exceptions[0] from None


async def _ask(
    sender: Sender, base: str, seen: Callable[[Probe], None], places: asyncio.Semaphore
) -> None:
    try:
        seen(await probe(sender, base))
    finally:
        places.release()


async def _sleep_until(due: float) -> None:
    left = due - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of the values does not exceed (nearest rank); 0 of none."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def failures(probed: Sequence[Probe]) -> str:
    """Count failures by kind, the most frequent three."""
    kinds = Counter(one.failure for one in probed if one.version is None)
    return "; ".join(f"{count} x {kind}" for kind, count in kinds.most_common(3))
