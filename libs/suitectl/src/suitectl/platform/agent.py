"""HTTP requests sent exactly once, from this process or from inside a pod.

This file stands alone but for httpx: its text is what a client pod runs, reading requests from
standard input and writing replies to standard output, one JSON document a line.
"""

import asyncio
import dataclasses
import json
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

TIMEOUT_S = 10.0
NO_RESPONSE = 0
_MAX_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; credentials never show in the repr."""

    method: str
    url: str
    bearer: str | None = field(default=None, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Any = None

    def headers(self) -> dict[str, str]:
        """Return the bearer token's header."""
        return {} if self.bearer is None else {"Authorization": f"Bearer {self.bearer}"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, `started` and `ended` in Unix seconds; status 0 means no response."""

    status: int
    body: str
    headers: Mapping[str, str]
    started: float
    ended: float

    @property
    def ok(self) -> bool:
        """Say whether the status is 2xx."""
        return httpx.codes.is_success(self.status)

    @property
    def elapsed(self) -> float:
        """Return the seconds from sending to the last byte."""
        return self.ended - self.started

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


class Http:
    """Sends each request once: a failure is a `Reply` without a response, never a second try."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._fresh = await self._client(httpx.Limits(max_keepalive_connections=0))
        self._reused = await self._client(httpx.Limits(keepalive_expiry=15))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        """Send on a connection of its own, or on one that is reused."""
        return await send(self._reused if keep_alive else self._fresh, request)

    async def _client(self, limits: httpx.Limits) -> httpx.AsyncClient:
        return await self._stack.enter_async_context(new_client(limits))


def new_client(limits: httpx.Limits) -> httpx.AsyncClient:
    """Make a client that ignores proxies: what it calls is near."""
    return httpx.AsyncClient(limits=limits, timeout=TIMEOUT_S, trust_env=False)


async def send(client: httpx.AsyncClient, request: Request) -> Reply:
    """Send once by a client and return what came of it."""
    started = time.time()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            response = await client.request(
                request.method,
                request.url,
                headers=request.headers(),
                auth=request.basic,
                data=request.form,
                json=request.json,
            )
    except (httpx.HTTPError, TimeoutError) as error:
        return Reply(NO_RESPONSE, f"{type(error).__name__}: {error}", {}, started, time.time())
    return Reply(response.status_code, response.text, response.headers, started, time.time())


async def serve() -> None:
    """Respond to the requests of standard input until it ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=_MAX_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with Http() as http, asyncio.TaskGroup() as tasks:
        print(json.dumps({"ready": True}), flush=True)  # noqa: T201 - the protocol of this program
        while line := await lines.readline():
            tasks.create_task(_respond(http, json.loads(line)))


async def _respond(http: Http, message: dict[str, Any]) -> None:
    request = Request(**message["request"])
    if request.basic is not None:
        request = dataclasses.replace(request, basic=(request.basic[0], request.basic[1]))
    reply = await http.send(request, keep_alive=message["keep_alive"])
    fields = {
        "status": reply.status,
        "body": reply.body,
        "headers": dict(reply.headers),
        "started": reply.started,
        "ended": reply.ended,
    }
    print(json.dumps({"id": message["id"], "reply": fields}), flush=True)  # noqa: T201 - likewise


if __name__ == "__main__":
    asyncio.run(serve())
