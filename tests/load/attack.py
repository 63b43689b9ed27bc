"""Failed logins from many addresses at a fixed rate, however the server responds.

It is a separate process, so that its load does not slow the legitimate callers.
`python -m load.attack RATE SECONDS URL...` prints the count of each status and its own CPU time as
JSON. It runs on the cores of the servers it attacks, so it uses as little CPU as it can.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import cast

import uvloop

from bench.stack import SERVICE
from cas_server.identities.demo_identities import DEMO_SECRETS
from load.connection import TIMEOUT_S, Form, basic

ADDRESSES = tuple(f"127.66.{number // 8}.{number % 8 + 1}" for number in range(64))
NAMES = ("alice", SERVICE, *(f"name-{number}" for number in range(998)))
_MOST_CONNECTIONS = 1500
_DEMO_APP = basic("demo-app", DEMO_SECRETS["demo-app"])

Place = tuple[str, str]
"""A replica's URL, and the address to call it from."""


class Attack:
    """Guesses, half of clients' secrets and half of users' passwords."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.statuses: Counter[str] = Counter()
        self._urls = urls
        self._idle: dict[Place, list[_Connection]] = {}
        self._random = random.Random(1)  # noqa: S311 - not a secret
        self._open = asyncio.Semaphore(_MOST_CONNECTIONS)

    async def run(self, rate: float, seconds: float) -> None:
        """Send at this rate for this long. Late requests are still sent for the same time again."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(rate * seconds)):
                if (ahead := number / rate - (time.monotonic() - began)) > 0:
                    await asyncio.sleep(ahead)
                if time.monotonic() - began > 2 * seconds:
                    self.statuses["not sent"] += 1
                    continue
                await self._open.acquire()
                place = self._random.choice(self._urls), ADDRESSES[number % len(ADDRESSES)]
                request = self._form(number).encode()
                if idle := self._idle.get(place):
                    idle.pop().send(request)
                else:
                    tasks.create_task(self._connect(place, request))
            for _ in range(_MOST_CONNECTIONS):
                await self._open.acquire()  # the last responses

    def ended(self, result: str, place: Place, connection: "_Connection | None" = None) -> None:
        """Count the result of a guess, and reuse its connection if there is one."""
        self.statuses[result] += 1
        if connection is not None:
            self._idle.setdefault(place, []).append(connection)
        self._open.release()

    def left(self, place: Place, connection: "_Connection") -> None:
        """Forget an idle connection that the server closed."""
        idle = self._idle.get(place, [])
        if connection in idle:
            idle.remove(connection)

    async def _connect(self, place: Place, request: bytes) -> None:
        host, _, port = place[0].removeprefix("http://").partition(":")
        connect = asyncio.get_running_loop().create_connection
        try:
            async with asyncio.timeout(TIMEOUT_S):
                _, connection = await connect(
                    lambda: _Connection(self, place),
                    host,
                    int(port),
                    local_addr=(place[1], 0),
                )
        except (OSError, TimeoutError) as error:
            self.ended(type(error).__name__, place)
        else:
            connection.send(request)

    def _form(self, number: int) -> Form:
        name, guess = self._random.choice(NAMES), f"guess-{number}"
        if number // len(ADDRESSES) % 2:
            return Form("/oauth/token", basic(name, guess), {"grant_type": "client_credentials"})
        fields = {"grant_type": "password", "username": name, "password": guess}
        return Form("/oauth/token", _DEMO_APP, fields)


class _Connection(asyncio.Protocol):
    """One guess at a time, without a task for each."""

    def __init__(self, attack: Attack, place: Place) -> None:
        self._attack, self._place = attack, place
        self._transport: asyncio.Transport
        self._received = b""
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def send(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(TIMEOUT_S, self._end, "TimeoutError")
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        head = head.lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) >= int(length):
            self._received = b""
            self._end(head.split(b" ", 2)[1].decode(), goes_on=b"connection: close" not in head)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._patience is not None:
            self._end(type(exc or ConnectionError()).__name__)
        self._attack.left(self._place, self)

    def _end(self, result: str, *, goes_on: bool = False) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
            self._attack.ended(result, self._place, self if goes_on else None)
        if not goes_on:
            self._transport.close()


def main() -> None:
    """Attack, and print the results."""
    rate, seconds, *urls = sys.argv[1:]
    attack = Attack(urls)
    began, cpu_began = time.monotonic(), time.process_time()
    uvloop.run(attack.run(float(rate), float(seconds)))
    took, cpu_seconds = round(time.monotonic() - began, 1), time.process_time() - cpu_began
    result = {"statuses": attack.statuses, "seconds": took, "cpu_seconds": cpu_seconds}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
