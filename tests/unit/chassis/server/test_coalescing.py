"""Answers leave in one piece."""

import asyncio
import socket

import pytest

from chassis.coalescing import CoalescingTransport

pytestmark = pytest.mark.anyio


async def _pair() -> tuple[CoalescingTransport, socket.socket]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    return CoalescingTransport(transport, loop), theirs


async def test_head_and_body_of_one_turn_are_one_piece() -> None:
    transport, peer = await _pair()
    transport.write(b"head ")
    transport.write(b"body")
    with peer, pytest.raises(BlockingIOError):
        peer.recv(100)
    assert not transport.is_closing()
    transport.close()


async def test_what_was_written_arrives_in_order() -> None:
    transport, peer = await _pair()
    with peer:
        transport.write(b"one ")
        await asyncio.sleep(0)
        transport.write(b"two ")
        transport.write(b"three")
        await asyncio.sleep(0)
        assert await asyncio.get_running_loop().sock_recv(peer, 100) == b"one two three"
    transport.close()


async def test_close_sends_what_is_kept() -> None:
    transport, peer = await _pair()
    with peer:
        transport.write(b"last words")
        transport.close()
        assert await asyncio.get_running_loop().sock_recv(peer, 100) == b"last words"


async def test_much_is_handed_on_at_once_so_that_back_pressure_is_felt() -> None:
    transport, peer = await _pair()
    with peer:
        for _ in range(3):
            transport.write(b"x" * 40_000)
        assert transport._transport.get_write_buffer_size() > 0 or peer.recv(10)
        assert transport._size < 80_000
    transport.close()
