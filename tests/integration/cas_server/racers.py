"""The same form many times at once, half of them to each replica.

Not by httpx: its pool may close a connection on which a request was just sent, where that was idle
for about `keepalive_expiry` (5 s), or another origin needs its place (encode/httpcore, issue 1110).
The caller sees a `ReadError`, as if the server had closed. The chassis' transport closes idle
connections alone, so that an error here is the server's. It also takes a fraction of the time.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlencode, urlsplit

from chassis.transport import Origin, Pool, PoolOptions, RawRequest, RawResponse
from eventually import PATIENCE_S

PARALLEL = 100
_NEVER_S = 86400.0


class Racers:
    """Clients with a connection each; none sends a request again."""

    def __init__(self, urls: Sequence[str], pool: Pool) -> None:
        self._origins = [Origin(str(at.hostname), int(at.port or 80)) for at in map(urlsplit, urls)]
        self._pool = pool

    async def race(self, form: dict[str, str]) -> Sequence[RawResponse]:
        """Send the form to the token endpoint `PARALLEL` times at once; return the responses.

        Raises `TransportError` where a connection ends without a response.
        """
        body = urlencode(form).encode()
        requests = [(origin, _request(origin, body)) for origin in self._origins]
        turns = (requests[turn % len(requests)] for turn in range(PARALLEL))
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.gather(*(self._pool.exchange(*request) for request in turns))


@asynccontextmanager
async def racers(urls: Sequence[str]) -> AsyncIterator[Racers]:
    """Return racers at these replicas, which alone decide how long a connection is used."""
    options = PoolOptions(size=PARALLEL, connect_timeout=PATIENCE_S, max_age=_NEVER_S)
    pool = Pool(options)
    yield Racers(urls, pool)
    pool.retire()


def _request(origin: Origin, body: bytes) -> bytes:
    headers = [
        (b"host", f"{origin.host}:{origin.port}".encode()),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-length", str(len(body)).encode()),
    ]
    return RawRequest(b"POST", b"/oauth/token", headers, body).encode()
