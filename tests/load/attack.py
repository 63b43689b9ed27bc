"""Failed logins from many addresses at a fixed rate, however the server responds.

It is a separate process, so that its load does not slow the legitimate callers.
`python -m load.attack RATE SECONDS URL...` prints the count of each status as JSON.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

from cas_server.identities.demo_identities import DEMO_SECRETS
from load.connection import Connection, Form, basic

ADDRESSES = tuple(f"127.66.{number // 8}.{number % 8 + 1}" for number in range(64))
NAMES = ("alice", "rest-service", *(f"name-{number}" for number in range(998)))
_MOST_CONNECTIONS = 1500


class Attack:
    """Guesses, half of clients' secrets and half of users' passwords."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.statuses: Counter[str] = Counter()
        self._urls = urls
        self._idle: dict[tuple[str, str], list[Connection]] = {}
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
                tasks.create_task(self._guess(number))

    async def _guess(self, number: int) -> None:
        place = self._random.choice(self._urls), ADDRESSES[number % len(ADDRESSES)]
        idle = self._idle.setdefault(place, [])
        connection = idle.pop() if idle else Connection(*place)
        try:
            status, _ = await connection.post(self._form(number))
        except (OSError, TimeoutError) as error:
            self.statuses[type(error).__name__] += 1
        else:
            self.statuses[str(status)] += 1
            idle.append(connection)
        finally:
            self._open.release()

    def _form(self, number: int) -> Form:
        name, guess = self._random.choice(NAMES), f"guess-{number}"
        if number // len(ADDRESSES) % 2:
            return Form("/oauth/token", basic(name, guess), {"grant_type": "client_credentials"})
        fields = {"grant_type": "password", "username": name, "password": guess}
        return Form("/oauth/token", basic("demo-app", DEMO_SECRETS["demo-app"]), fields)


def main() -> None:
    """Attack, and print the resulting statuses."""
    rate, seconds, *urls = sys.argv[1:]
    attack = Attack(urls)
    began = time.monotonic()
    asyncio.run(attack.run(float(rate), float(seconds)))
    took = time.monotonic() - began
    sys.stdout.write(json.dumps({"statuses": attack.statuses, "seconds": round(took, 1)}) + "\n")


if __name__ == "__main__":
    main()
