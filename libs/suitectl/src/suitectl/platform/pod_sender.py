"""Sends requests from inside a pod: `kubectl exec` with the text of `agent.py`."""

import asyncio
import dataclasses
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from suitectl.errors import CommandFailedError
from suitectl.platform.agent import TIMEOUT_S, Reply, Request
from suitectl.platform.client_pod import NAMESPACE
from suitectl.platform.platform import Platform
from suitectl.shell import end, first_line

_AGENT = Path(__file__).with_name("agent.py")
_STARTED_WITHIN = 20.0
_MARGIN = 5.0
_MAX_LINE = 1 << 22


class PodSender:
    """Passes requests to the agent and hands out its replies, many at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Reply]] = {}

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        """Send once from the pod; raise `CommandFailedError` where the pod itself is lost."""
        number, future = next(self._numbers), asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        asked = {"id": number, "keep_alive": keep_alive, "request": dataclasses.asdict(request)}
        try:
            await self._write(asked)
            async with asyncio.timeout(TIMEOUT_S + _MARGIN):
                reply: Reply = await future
                return reply
        except TimeoutError:
            raise CommandFailedError("the client pod no longer responds") from None
        finally:
            del self._waiting[number]

    async def receive(self) -> None:
        """Hand out replies until the agent ends."""
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        while line := await self._process.stdout.readline():
            message = json.loads(line)
            future = self._waiting.get(message["id"])
            if future is not None and not future.done():
                headers = httpx.Headers(message["reply"].pop("headers"))
                future.set_result(Reply(**message["reply"], headers=headers))
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(CommandFailedError("the client pod is gone"))

    async def _write(self, asked: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        try:
            await self._process.stdin.drain()
        except ConnectionError:
            raise CommandFailedError("the client pod is gone") from None


@asynccontextmanager
async def pod_sender(platform: Platform, pod: str) -> AsyncIterator[PodSender]:
    """Run an agent in the client pod during the block."""
    process = await platform.start(
        *("exec", "-i", pod, "-n", NAMESPACE, "--", "python", "-c", _AGENT.read_text()),
        stdin=asyncio.subprocess.PIPE,
        limit=_MAX_LINE,
    )
    try:
        await first_line(process, "the agent in the client pod", seconds=_STARTED_WITHIN)
        sender = PodSender(process)
        receiving = asyncio.create_task(sender.receive())
        try:
            yield sender
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
    finally:
        await end(process)
