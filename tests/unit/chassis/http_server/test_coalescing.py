"""The writes of one response are sent together."""

import asyncio
import socket

import pytest
import uvloop

from chassis.http_server.coalescing import CoalescingTransport


class _Protocol(asyncio.Protocol):
    def __init__(self, lost: asyncio.Event) -> None:
        self._lost = lost

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._lost.set()


async def _pair(lost: asyncio.Event | None = None) -> tuple[CoalescingTransport, socket.socket]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(
        lambda: _Protocol(lost or asyncio.Event()), sock=ours
    )
    return CoalescingTransport(transport, loop), theirs


@pytest.mark.anyio
async def test_head_and_body_written_in_one_turn_are_sent_in_one_write() -> None:
    transport, peer = await _pair()
    transport.write(b"head ")
    transport.write(b"body")
    with peer, pytest.raises(BlockingIOError):
        peer.recv(100)
    assert not transport.is_closing()
    transport.close()


@pytest.mark.anyio
async def test_writes_arrive_in_order() -> None:
    transport, peer = await _pair()
    with peer:
        transport.write(b"one ")
        await asyncio.sleep(0)
        transport.write(b"two ")
        transport.write(b"three")
        await asyncio.sleep(0)
        assert await asyncio.get_running_loop().sock_recv(peer, 100) == b"one two three"
    transport.close()


@pytest.mark.anyio
async def test_close_sends_buffered_bytes() -> None:
    transport, peer = await _pair()
    with peer:
        transport.write(b"last words")
        transport.close()
        assert await asyncio.get_running_loop().sock_recv(peer, 100) == b"last words"


@pytest.mark.anyio
async def test_a_large_write_is_passed_on_immediately_so_that_back_pressure_works() -> None:
    transport, peer = await _pair()
    with peer:
        for _ in range(3):
            transport.write(b"x" * 40_000)
        assert transport._transport.get_write_buffer_size() > 0 or peer.recv(10)
        assert transport._size < 80_000
    transport.close()


async def _write_after_close() -> list[dict[str, object]]:
    faults: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    lost = asyncio.Event()
    transport, peer = await _pair(lost)
    with peer:
        transport.abort()
        await lost.wait()
        transport.write(b"after close")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return faults


def test_writes_to_a_closed_connection_are_dropped_without_an_error() -> None:
    """Regression: on uvloop, each such peer left a traceback in the log."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(_write_after_close()) == []
