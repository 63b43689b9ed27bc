"""The lines of all pods in a cluster: `kubectl logs -f` for each container, as pods come and go."""

import asyncio
import datetime as dt
import json
import sys
from collections.abc import AsyncIterator, Iterable
from typing import Any

from suitectl.errors import CommandFailedError
from suitectl.logs.line import Line
from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod
from suitectl.platform.stderr_summary import one_line
from suitectl.shell import end

STREAMS = 50
"""Containers that are followed at a time: each takes a process."""
_LONGEST_LINE = 1 << 20
_WAITING_LINES = 1000
_AGAIN_S = 1.0
"""Seconds before pods are watched again, after the API server has ended a watch."""


async def kubernetes_lines(
    platform: Platform, places: Iterable[tuple[str, ...]], tail: int
) -> AsyncIterator[Line]:
    """Yield the last `tail` lines of each container, all for -1, and then what is added to any.

    `places` are the options that choose pods, such as a namespace. Logs of containers that start
    later are whole. A slow reader slows the streams down. Raises `CommandFailedError`.
    """
    lines: asyncio.Queue[Line | CommandFailedError] = asyncio.Queue(_WAITING_LINES)
    streams = _Streams(platform, lines, tail)
    watches = [asyncio.create_task(streams.watch(place)) for place in places]
    try:
        while True:
            found = await lines.get()
            if isinstance(found, CommandFailedError):
                raise found
            yield found
    finally:
        for task in (*watches, *streams.tasks):
            task.cancel()
        await asyncio.gather(*watches, *streams.tasks, return_exceptions=True)


class _Streams:
    """Follows each container once; a restarted one is another container."""

    def __init__(
        self, platform: Platform, lines: "asyncio.Queue[Line | CommandFailedError]", tail: int
    ) -> None:
        self._platform, self._lines, self._tail = platform, lines, tail
        self._known: set[str] = set()
        self._began = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.tasks: set[asyncio.Task[None]] = set()

    async def watch(self, place: tuple[str, ...]) -> None:
        """Follow the pods of a place, and watch again when the API server ends the watch."""
        while True:
            try:
                await self._watch_once(place)
            except CommandFailedError as error:
                await self._lines.put(error)
                return
            await asyncio.sleep(_AGAIN_S)

    async def _watch_once(self, place: tuple[str, ...]) -> None:
        verb = ("get", "pods", *place, "--watch", "-o", "json")
        process = await self._platform.start(*verb, limit=_LONGEST_LINE)
        try:
            assert process.stdout is not None  # noqa: S101 - it was started with pipes
            assert process.stderr is not None  # noqa: S101 - likewise
            async for document in _documents(process.stdout):
                self._update(Pod(document))
            reason = (await process.stderr.read()).decode()
            if await process.wait():
                raise CommandFailedError(f"{self._platform.line(*verb[:2])}: {one_line(reason)}")
        finally:
            await end(process)

    def _update(self, pod: Pod) -> None:
        for status in pod.document["status"].get("containerStatuses", []):
            identity = status.get("containerID")
            if not identity or identity in self._known:
                continue
            self._known.add(identity)
            if len(self.tasks) >= STREAMS:
                _notice(f"{pod.name} is not followed: {STREAMS} containers are; name a SERVICE")
                continue
            later = status["state"].get("running", {}).get("startedAt", "") > self._began
            tail = -1 if later else self._tail
            task = asyncio.create_task(self._follow(pod, status["name"], tail))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _follow(self, pod: Pod, container: str, tail: int) -> None:
        options = ("-n", pod.namespace, "-c", container, f"--tail={tail}")
        process = await self._platform.start(
            "logs", "-f", pod.name, *options, limit=_LONGEST_LINE, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            assert process.stdout is not None  # noqa: S101 - it was started with a pipe
            async for text in _texts(process.stdout):
                await self._lines.put(Line.of(pod, container, text))
        finally:
            await end(process)


async def _documents(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    """Yield the JSON objects that kubectl prints, each over many lines."""
    text = ""
    async for line in _texts(reader):
        text += line
        if line == "}":
            yield json.loads(text)
            text = ""


async def _texts(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield lines without their end; one that exceeds the bound is cut."""
    while True:
        try:
            line = await reader.readuntil()
        except asyncio.IncompleteReadError as error:
            line = error.partial
        except asyncio.LimitOverrunError as error:
            line = await reader.read(error.consumed)
        if not line:
            return
        yield line.decode(errors="replace").rstrip("\n")


def _notice(text: str) -> None:
    sys.stderr.write(f"logs: {text}\n")
