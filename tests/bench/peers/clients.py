"""One client process under load: `python -m bench.peers.clients NAME URL CALLERS SECONDS`.

Callers GET the URL again and again over keep-alive connections, one each. Prints rate, p99 and the
CPU that this process took for each call, as JSON.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import httpx
import uvloop

Fetch = Callable[[], Awaitable[bytes]]


@asynccontextmanager
async def _chassis(url: str, callers: int) -> AsyncIterator[Fetch]:
    from chassis import LiveConfig, ServiceSettings  # noqa: PLC0415 - only the measured one
    from chassis.client import ServiceClients  # noqa: PLC0415

    live = LiveConfig.fixed(ServiceSettings(client={"max_connections": callers}))
    async with ServiceClients(live) as clients:
        yield partial(_content, partial(clients.client(url).get, "/"))


@asynccontextmanager
async def _httpx(url: str, callers: int) -> AsyncIterator[Fetch]:
    limits = httpx.Limits(max_connections=callers, max_keepalive_connections=callers)
    async with httpx.AsyncClient(limits=limits, timeout=5, trust_env=False) as client:
        yield partial(_content, partial(client.get, url))


async def _content(get: Callable[[], Awaitable[httpx.Response]]) -> bytes:
    return (await get()).raise_for_status().content


@asynccontextmanager
async def _aiohttp(url: str, callers: int) -> AsyncIterator[Fetch]:
    import aiohttp  # noqa: PLC0415 - only the measured one

    connector, timeout = aiohttp.TCPConnector(limit=callers), aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield partial(_read, partial(session.get, url))


async def _read(get: Callable[[], Any]) -> bytes:
    async with get() as response:
        response.raise_for_status()
        return bytes(await response.read())


CLIENTS: dict[str, Callable[[str, int], AbstractAsyncContextManager[Fetch]]] = {
    "chassis": _chassis,
    "httpx": _httpx,
    "aiohttp": _aiohttp,
}
_WARM_UP_S = 0.5


async def measure(name: str, url: str, callers: int, seconds: float) -> dict[str, float]:
    """Return rate in calls a second, p99 in ms and CPU in µs for each call."""
    async with CLIENTS[name](url, callers) as fetch:
        await _call(fetch, callers, _WARM_UP_S)
        gc.collect()
        gc.freeze()
        began, cpu = time.perf_counter(), time.process_time()
        took = await _call(fetch, callers, seconds)
        elapsed, cpu = time.perf_counter() - began, time.process_time() - cpu
    took.sort()
    return {
        "rate": len(took) / elapsed,
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
        "cpu_us": cpu / len(took) * 1_000_000,
    }


async def _call(fetch: Fetch, callers: int, seconds: float) -> list[float]:
    """Return how long each call took."""
    until = time.perf_counter() + seconds
    each = await asyncio.gather(*(_caller(fetch, until) for _ in range(callers)))
    return [took for one in each for took in one]


async def _caller(fetch: Fetch, until: float) -> list[float]:
    took: list[float] = []
    now = time.perf_counter()
    while now < until:
        began = now
        await fetch()
        now = time.perf_counter()
        took.append(now - began)
    return took


def main() -> None:
    """Measure one client."""
    name, url, callers, seconds = sys.argv[1:]
    result = uvloop.run(measure(name, url, int(callers), float(seconds)))
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
