"""HTTP requests sent exactly once, from this process or from inside a pod.

This file imports nothing but httpx: a client pod runs its text, which reads requests from standard
input and writes replies to standard output, one JSON document a line.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import httpx

TIMEOUT_S = 10.0
NO_RESPONSE = 0
_MAX_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request; its repr contains no credentials."""

    method: str
    url: str
    bearer: str | None = field(default=None, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Any = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response, `started` and `ended` in Unix seconds; status 0 means none arrived."""

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
    """Sends each request once; a failure is a `Reply` with status 0."""

    def __init__(self) -> None:
        self._fresh = new_client(httpx.Limits(max_keepalive_connections=0))
        self._reused = new_client(httpx.Limits(keepalive_expiry=15))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._fresh.aclose()
        await self._reused.aclose()

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        """Send on a new connection, or with `keep_alive` on one that is reused."""
        return await send(self._reused if keep_alive else self._fresh, request)


def new_client(limits: httpx.Limits) -> httpx.AsyncClient:
    """Return a client without proxies: its targets are on this machine or in the cluster."""
    return httpx.AsyncClient(limits=limits, timeout=TIMEOUT_S, trust_env=False)


async def send(client: httpx.AsyncClient, request: Request) -> Reply:
    """Send once; return the response, or a `Reply` with status 0 and the error."""
    started = time.time()
    headers = dict(request.headers or {})
    if request.bearer:
        headers["Authorization"] = f"Bearer {request.bearer}"
    try:
        async with asyncio.timeout(TIMEOUT_S):
            response = await client.request(
                request.method,
                request.url,
                headers=headers,
                auth=httpx.BasicAuth(*request.basic) if request.basic else None,
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
    reply = await http.send(Request(**message["request"]), keep_alive=message["keep_alive"])
    fields = asdict(reply) | {"headers": dict(reply.headers)}
    print(json.dumps({"id": message["id"], "reply": fields}), flush=True)  # noqa: T201 - likewise


if __name__ == "__main__":
    asyncio.run(serve())
