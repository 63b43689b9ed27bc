"""Relay TCP connections to a Service's pods, from the caller's own address."""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress

from localkube.balancer import Balancer, Endpoint

CONNECT_S = 1.0
TRIES = 3
"""Pods tried for one connection: a pod may have died a moment ago."""
CONNECTIONS = 4096
"""Connections of one listener; more are refused."""
BACKLOG = 1024
_BIND_ADDRESS_NO_PORT = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)
_RESET = struct.pack("ii", 1, 0)


class Listener:
    """Accepts connections on a bound socket and spreads them over a balancer's endpoints.

    Connections that exist stay with their pod, as with kube-proxy, whatever becomes of the
    endpoints. Without an endpoint, or over the bound, a connection is reset.
    """

    def __init__(self, sock: socket.socket, balancer: Balancer, *, keep_source: bool) -> None:
        self.address: tuple[str, int] = sock.getsockname()[:2]
        self._balancer, self._keep_source = balancer, keep_source
        self._socket = sock
        self._halves: set[_Half] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to accept."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, sock=self._socket, backlog=BACKLOG)

    def close(self) -> None:
        """Stop accepting and end every connection."""
        if self._server is not None:
            self._server.close()
        self._socket.close()
        for half in list(self._halves):
            half.abort()

    def _accept(self) -> asyncio.Protocol:
        return _Caller(self._connect, self._halves)

    async def _connect(self, caller: "_Caller") -> None:
        if len(self._halves) > CONNECTIONS * 2:
            return caller.reset()
        for _ in range(TRIES):
            endpoint = self._balancer.choose(caller.ip)
            if endpoint is None or caller.lost:
                break
            with suppress(OSError, TimeoutError):
                return await self._join(caller, endpoint)
        return caller.reset()

    async def _join(self, caller: "_Caller", endpoint: Endpoint) -> None:
        source = caller.ip if self._keep_source else None
        pod = _Half(self._halves)
        pod.peer = caller
        async with asyncio.timeout(CONNECT_S):
            sock = await _dial(endpoint, source)
        await asyncio.get_running_loop().create_connection(lambda: pod, sock=sock)
        caller.join(pod)


def tcp_socket() -> socket.socket:
    """Return a socket on which asyncio will not delay small writes.

    It recognises TCP by the protocol number, which accepted connections inherit.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setblocking(False)  # noqa: FBT003  # the standard library's signature
    return sock


async def _dial(endpoint: Endpoint, source: str | None) -> socket.socket:
    sock = tcp_socket()
    try:
        if source is not None:
            # The kernel then chooses the port at connect, so that ports do not run out.
            sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            sock.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(sock, (endpoint.ip, endpoint.port))
    except BaseException:
        sock.close()
        raise
    return sock


class _Half(asyncio.Protocol):
    """One side of a relayed connection; what it reads goes to its peer, no faster than that."""

    def __init__(self, halves: "set[_Half]") -> None:
        self._halves = halves
        self.transport: asyncio.Transport | None = None
        self.peer: _Half | None = None
        self.lost = self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker
        self.transport = transport
        self._halves.add(self)

    def data_received(self, data: bytes) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        """Pass on the end; stay open for the other direction until that has ended too."""
        self.ended = True
        if self.peer is None or self.peer.transport is None:
            return False
        if self.peer.ended:
            self.peer.transport.close()
            return False
        with suppress(OSError):
            self.peer.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._halves.discard(self)
        peer, self.peer = self.peer, None
        if peer is not None and peer.transport is not None:
            peer.transport.abort() if exc else peer.transport.close()

    def join(self, peer: "_Half") -> None:
        """Become the two sides of one connection."""
        self.peer, peer.peer = peer, self
        if self.lost:
            peer.abort()
        elif self.transport is not None:
            self.transport.resume_reading()

    def abort(self) -> None:
        """End the connection at once."""
        if self.transport is not None:
            self.transport.abort()

    def reset(self) -> None:
        """End the connection with a reset, as a refused one would."""
        if self.transport is not None and not self.lost:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()


class _Caller(_Half):
    """The side that was accepted; it reads nothing before a pod is connected."""

    ip = ""

    def __init__(
        self,
        connect: "Callable[[_Caller], Coroutine[None, None, None]]",
        halves: "set[_Half]",
    ) -> None:
        super().__init__(halves)
        self._connect = connect
        self._joining: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None  # noqa: S101  # set a line above
        self.ip = transport.get_extra_info("peername")[0]
        loop = asyncio.get_running_loop()
        # Not at once: until Python 3.11.5 a pause within connection_made is undone right after.
        loop.call_soon(self.transport.pause_reading)
        self._joining = loop.create_task(self._connect(self))
