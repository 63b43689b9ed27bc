"""Relay TCP connections to a Service's pods, from the caller's own address."""

import asyncio
import socket
import struct
from contextlib import suppress

from localkube.engine.network.balancer import Balancer, Endpoint

CONNECT_S = 1.0
TRIES = 3
"""Pods tried for one connection: a pod may have just ended."""
CONNECTIONS = 4096
"""Connections of one listener; more are reset."""
BACKLOG = 1024
_CHUNK_BYTES = 64 * 1024
_BIND_ADDRESS_NO_PORT = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)
_RESET = struct.pack("ii", 1, 0)


class Listener:
    """Accepts connections on a bound socket and distributes them over a balancer's endpoints.

    Open connections stay with their pod when the endpoints change, as with kube-proxy. Without
    an endpoint, or beyond the bound, a connection is reset.
    """

    def __init__(self, sock: socket.socket, balancer: Balancer, *, keep_source: bool) -> None:
        self.address: tuple[str, int] = sock.getsockname()[:2]
        self.balancer = balancer
        self._socket, self._keep_source = sock, keep_source
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Start to accept connections."""
        self._server = await asyncio.start_server(self._serve, sock=self._socket, backlog=BACKLOG)

    def retire(self) -> None:
        """Stop accepting; open connections continue."""
        if self._server is not None:
            self._server.close()
        self._socket.close()

    def close(self) -> None:
        """Stop accepting and end every connection."""
        self.retire()
        for connection in self._connections:
            connection.cancel()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._relay(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A caller that has already disconnected has no peer name.
        peer = writer.get_extra_info("peername")
        pod = await self._connect(peer[0]) if peer else None
        if pod is None:
            _reset(writer)
            return
        try:
            await asyncio.gather(_pump(reader, pod[1]), _pump(pod[0], writer))
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
            pod[1].transport.abort()
        finally:
            writer.close()
            pod[1].close()

    async def _connect(
        self, caller: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        if len(self._connections) > CONNECTIONS:
            return None
        for _ in range(TRIES):
            endpoint = self.balancer.choose(caller)
            if endpoint is None:
                break
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    sock = await _dial(endpoint, caller if self._keep_source else None)
                return await asyncio.open_connection(sock=sock)
        return None


def tcp_socket() -> socket.socket:
    """Return a socket on which asyncio sets TCP_NODELAY.

    asyncio recognises TCP by the protocol number, which accepted connections inherit.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setblocking(False)  # noqa: FBT003  # the standard library's signature
    return sock


def listening_socket(ip: str, port: int) -> socket.socket:
    """Return a socket that listens; raise `OSError`."""
    sock = tcp_socket()
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((ip, port))
        # A port in use fails here and not later.
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


async def _dial(endpoint: Endpoint, source: str | None) -> socket.socket:
    sock = tcp_socket()
    try:
        if source is not None:
            # The kernel chooses the port at connect, so that ports are not exhausted.
            sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            sock.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(sock, (endpoint.ip, endpoint.port))
    except BaseException:
        sock.close()
        raise
    return sock


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction with backpressure, and forward its end."""
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Reset a connection."""
    with suppress(OSError):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
