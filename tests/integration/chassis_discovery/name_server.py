"""A name server on a real UDP socket: answers, loses packets, or is silent."""

import asyncio
import socket
import struct
from collections.abc import Callable

_A = 1
_NO_ERROR, _FAILED, _NO_SUCH_NAME = 0x8180, 0x8182, 0x8183
_POINTER_TO_NAME, _IN, _TTL = 0xC00C, 1, 5
_HEADER = struct.Struct(">6H")


class NameServer(asyncio.DatagramProtocol):
    """Answer from `addresses`; `loses` is told who asks, and says whether that gets lost.

    One that `fails` knows that there is no IPv6, and nothing else.
    """

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.asked: list[int] = []
        """The kinds of records that were asked for: 1 is A, 28 AAAA."""
        self.fails = False
        self.loses: Callable[[tuple[str, int]], bool] = lambda _: False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]  # by construction

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.loses(addr):
            self._transport.sendto(self._answer(data), addr)

    def _answer(self, query: bytes) -> bytes:
        """Answer a question (RFC 1035, 4.1): the address if it asks for one, else nothing."""
        (number,) = struct.unpack_from(">H", query)
        name, end = _name(query)
        (kind,) = struct.unpack_from(">H", query, end)
        self.asked.append(kind)
        question = query[_HEADER.size : end + 4]
        address = self.addresses.get(name)
        flags = _NO_SUCH_NAME if address is None else _NO_ERROR
        if self.fails and kind == _A:
            address, flags = None, _FAILED
        if address is None or kind != _A:
            return _HEADER.pack(number, flags, 1, 0, 0, 0) + question
        record = struct.pack(">HHHIH", _POINTER_TO_NAME, _A, _IN, _TTL, 4)
        answer = record + socket.inet_aton(address)
        return _HEADER.pack(number, flags, 1, 1, 0, 0) + question + answer


def _name(query: bytes) -> tuple[str, int]:
    """Return the name asked for, with its dot, and where it ends."""
    labels, at = [], _HEADER.size
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels) + ".", at + 1
