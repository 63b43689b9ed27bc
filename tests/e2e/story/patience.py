"""Clients that try again where they are asked to, and the count of what was served late."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from suitectl.platform.http import Reply, Request, Sender

UNAVAILABLE = 503


PAUSE_S = 1.0
"""Before another try where no Retry-After says how long."""
_TOLD = "error=temporarily_unavailable"


def is_refusal(reply: Reply) -> bool:
    """Say whether a client tries again: after a 503 with Retry-After, or a redirect that says so.

    A redirect to the client has no status of its own for it (RFC 6749, 4.1.2.1).
    """
    if reply.status == UNAVAILABLE:
        return "retry-after" in reply.headers
    return _TOLD in reply.headers.get("location", "").partition("?")[2].split("&")


@dataclass(slots=True)
class Patience:
    """Tries again for up to `seconds` after the first attempt; with 0 nothing is tried twice.

    `late` has the successes that came after a refusal, timed from the first attempt on.
    """

    seconds: float = 0.0
    refused: int = 0
    late: list[Reply] = field(default_factory=list)

    async def persist(self, attempt: Callable[[], Awaitable[Reply]]) -> Reply:
        """Attempt until the response is no refusal, and return it, or the last refusal."""
        began, deadline = time.time(), time.monotonic() + self.seconds
        reply = await attempt()
        if not is_refusal(reply):
            return reply
        while is_refusal(reply):
            self.refused += 1
            pause = float(reply.headers.get("retry-after", PAUSE_S))
            if time.monotonic() + pause > deadline:
                return reply
            await asyncio.sleep(pause)
            reply = await attempt()
        reply = replace(reply, started=began)
        if reply.ok:
            self.late.append(reply)
        return reply

    def summary(self) -> str:
        """Count what was served late, and say how late."""
        latest = max((reply.elapsed for reply in self.late), default=0.0)
        return (
            f"{len(self.late):,} served late, after {self.refused:,} refusals,"
            f" the latest after {latest:.1f} s"
        )


class Patient:
    """A sender whose clients try again."""

    def __init__(self, sender: Sender, patience: Patience) -> None:
        self._sender, self._patience = sender, patience

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        """Send a request, and send it again after a refusal."""
        return await self._patience.persist(
            lambda: self._sender.send(request, keep_alive=keep_alive)
        )


class Noting:
    """A sender that knows the last refusal."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.refusal: Reply | None = None

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        """Send a request."""
        reply = await self._sender.send(request, keep_alive=keep_alive)
        if is_refusal(reply):
            self.refusal = reply
        return reply
