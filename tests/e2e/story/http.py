"""The story's HTTP clients: one that opens a connection a request, one that keeps them."""

import json
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

TIMEOUT_S = 10.0
NO_ANSWER = 0


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
    """What came back, `started` and `ended` in Unix seconds; status 0 is no answer at all."""

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
    """Sends each request once: a failure is a `Reply` without answer, never a second try."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._fresh = await self._client(httpx.Limits(max_keepalive_connections=0))
        self._kept = await self._client(httpx.Limits(keepalive_expiry=15))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        """Send on a connection of its own, or on a kept one."""
        return await send(self._kept if keep_alive else self._fresh, request)

    async def _client(self, limits: httpx.Limits) -> httpx.AsyncClient:
        return await self._stack.enter_async_context(new_client(limits))


def new_client(limits: httpx.Limits) -> httpx.AsyncClient:
    """Make a client that ignores the machine's proxies: the suite is on this machine."""
    return httpx.AsyncClient(limits=limits, timeout=TIMEOUT_S, trust_env=False)


async def send(client: httpx.AsyncClient, request: Request) -> Reply:
    """Send once by a client and tell what happened."""
    started = time.time()
    try:
        answer = await client.request(
            request.method,
            request.url,
            headers=request.headers(),
            auth=request.basic,
            data=request.form,
            json=request.json,
        )
    except httpx.HTTPError as error:
        return Reply(NO_ANSWER, f"{type(error).__name__}: {error}", {}, started, time.time())
    return Reply(answer.status_code, answer.text, answer.headers, started, time.time())
