"""The HTTP transport of the client against a hostile server, over real sockets."""

import asyncio

import pytest

from chassis.transport import Origin, Pool, PoolOptions, RawResponse, TransportError
from eventually import PATIENCE_S
from fuzz.conftest import Rounds
from fuzz.hostile_server import VALID, HostileServer, hostile_server, prepare

_HOSTILE = b"GET /hostile HTTP/1.1\r\nHost: a\r\n\r\n"
_VALID = b"GET /valid HTTP/1.1\r\nHost: a\r\n\r\n"
_BODY = VALID.partition(b"\r\n\r\n")[2]


@pytest.mark.anyio
async def test_bytes_of_a_hostile_server_reach_only_their_own_request(rounds: Rounds) -> None:
    """A valid response is read exactly. After any response, the next caller gets a valid one."""
    async with hostile_server() as server:
        # A machine that pauses for a second must not look like a server that refuses to connect.
        options = PoolOptions(size=2, max_response=64 * 1024, connect_timeout=PATIENCE_S)
        pool = Pool(options)
        origin = Origin("127.0.0.1", server.port)
        for rng in rounds:
            server.prepared = prepare(rng)
            size = len(server.prepared.data)
            server.cuts = tuple(sorted(rng.randint(0, size) for _ in range(rng.randint(0, 3))))
            _check(server, await _ask(pool, origin, _HOSTILE, fresh=True))
            # A connection that the server has closed may have been reused once.
            valid = await _ask(pool, origin, _VALID) or await pool.exchange(origin, _VALID)
            assert valid.body == _BODY, server.prepared
        pool.retire()


def _check(server: HostileServer, response: RawResponse | None) -> None:
    expected = server.prepared
    if expected.body is None:
        return
    assert response is not None, expected
    assert response.body == expected.body, expected
    names = {name for name, _ in response.headers}
    assert b"x-mark" in names
    assert not names & {b"x-evil", b"set-cookie"}, expected


async def _ask(
    pool: Pool, origin: Origin, data: bytes, *, fresh: bool = False
) -> RawResponse | None:
    """Return the response, or None for a proper error. Nothing may hang."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            return await pool.exchange(origin, data, fresh=fresh)
        except TransportError:
            return None
