"""A name server on a real UDP socket that responds, loses packets, or stays silent."""

import asyncio
import socket
import struct
from collections.abc import Callable

_A = 1
_NO_ERROR, _FAILED, _NO_SUCH_NAME = 0x8180, 0x8182, 0x8183
_POINTER_TO_NAME, _IN, _TTL = 0xC00C, 1, 5
_HEADER = struct.Struct(">6H")


class NameServer(asyncio.DatagramProtocol):
    """Responds from `addresses`. `loses` gets the peer, and returns whether its packet is lost.

    A server that `fails` can only respond that there is no IPv6 address.
    """

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.asked: list[int] = []
        """The queried record types: 1 is A, 28 is AAAA."""
        self.fails = False
        self.loses: Callable[[tuple[str, int]], bool] = lambda _: False
        self._lost: list[tuple[bytes, tuple[str, int]]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]  # by construction

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.loses(addr):
            self._lost.append((data, addr))
        else:
            self._transport.sendto(self._answer(data), addr)

    def find_lost(self) -> None:
        """Stop losing packets, and respond to the lost queries late."""
        self.loses = lambda _: False
        for data, addr in self._lost:
            self._transport.sendto(self._answer(data), addr)

    def _answer(self, query: bytes) -> bytes:
        """Build the response to a query (RFC 1035, 4.1), with records only for an A query."""
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
    """Return the queried name with its trailing dot, and its end offset."""
    labels, at = [], _HEADER.size
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels) + ".", at + 1
