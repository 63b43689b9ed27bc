"""Legitimate callers under attack: a user who logs in, and clients that check tokens."""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bench.stack import SERVICE
from cas_server.identities.demo_identities import DEMO_SECRETS
from load.connection import Connection, Form, basic

_LOGIN = Form(
    "/oauth/token",
    basic("demo-app", DEMO_SECRETS["demo-app"]),
    {"grant_type": "password", "username": "alice", "password": DEMO_SECRETS["alice"]},
)

_CLIENT_TOKEN = Form(
    "/oauth/token",
    basic(SERVICE, DEMO_SECRETS[SERVICE]),
    {"grant_type": "client_credentials"},
)


def _check(token: str) -> Form:
    credentials = basic(SERVICE, DEMO_SECRETS[SERVICE])
    return Form("/oauth/check_token", credentials, {"token": token})


@dataclass(slots=True)
class Latencies:
    """The latencies of requests in milliseconds, and the failures."""

    took: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Return the latency within which this share of the requests completed."""
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    async def measure(self, post: Callable[[], Awaitable[tuple[int, bytes]]]) -> bytes:
        """Time one request."""
        began = time.perf_counter()
        try:
            status, body = await post()
        except (OSError, TimeoutError) as error:
            self.failures.append(repr(error))
            return b""
        self.took.append((time.perf_counter() - began) * 1000)
        if status != 200:
            self.failures.append(f"{status} {body.decode()}")
        return body


@dataclass(frozen=True, slots=True)
class Legitimate:
    """The measurements of each kind of request."""

    logins: Latencies = field(default_factory=Latencies)
    checks: Latencies = field(default_factory=Latencies)

    async def prepare(self, urls: Sequence[str]) -> list[str]:
        """Return a token from each replica, which then has the clients' credentials cached."""
        return [await self._token(url) for url in urls]

    async def run(self, urls: Sequence[str], tokens: Sequence[str], stop: asyncio.Event) -> None:
        """Log in and check tokens until stopped, with a few callers per replica."""
        async with asyncio.TaskGroup() as callers:
            for number, (url, token) in enumerate(zip(urls, tokens, strict=True)):
                callers.create_task(self._log_in(url, f"127.77.1.{number + 1}", stop))
                for source in (f"127.77.2.{number + 1}", f"127.77.3.{number + 1}"):
                    callers.create_task(self._check(url, source, token, stop))

    async def _token(self, url: str) -> str:
        with Connection(url, "127.77.0.1") as connection:
            status, body = await connection.post(_CLIENT_TOKEN)
            if status != 200:
                raise RuntimeError(f"no token from {url}: {status} {body.decode()}")
            token = str(json.loads(body)["access_token"])
            await connection.post(_check(token))
        return token

    async def _log_in(self, url: str, source: str, stop: asyncio.Event) -> None:
        """Log in twice a second, each time over a new connection."""
        while not stop.is_set():
            with Connection(url, source) as connection:
                await self.logins.measure(lambda: connection.post(_LOGIN))
            await _until(stop, 0.5)

    async def _check(self, url: str, source: str, token: str, stop: asyncio.Event) -> None:
        """Check a token twenty times a second, over one connection while it lasts."""
        form = _check(token)
        for _ in itertools.count():
            with Connection(url, source) as connection:
                for _ in range(100):
                    await self.checks.measure(lambda: connection.post(form))
                    await _until(stop, 0.05)
                    if stop.is_set():
                        return


async def _until(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
