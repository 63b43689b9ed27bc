"""A TCP load balancer that does not immediately notice a dead replica."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from chassis.discovery import Address


class Balancer:
    """Distributes connections round-robin, also to a dead replica until the test removes it."""

    def __init__(self, replicas: Sequence[int]) -> None:
        self.replicas = list(replicas)
        self.to_dead = 0
        self.open: set[asyncio.Transport] = set()
        self._turn = 0

    async def link(self, front: "Side") -> None:
        self._turn += 1
        port = self.replicas[self._turn % len(self.replicas)]
        back = Side(self)
        try:
            await asyncio.get_running_loop().create_connection(lambda: back, "127.0.0.1", port)
        except OSError:
            self.to_dead += 1
            front.transport.abort()
            return
        front.join(back)
        back.join(front)


class Side(asyncio.Protocol):
    """One of the two connections of a link. Each forwards what the other receives."""

    transport: asyncio.Transport

    def __init__(self, balancer: Balancer) -> None:
        self._balancer = balancer
        self._other: Side | None = None
        self._early: list[bytes] = []

    def join(self, other: "Side") -> None:
        self._other = other
        if self.transport.is_closing():
            other.transport.abort()
        other.transport.writelines(self._early)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._balancer.open.add(transport)

    def data_received(self, data: bytes) -> None:
        if self._other is None:
            self._early.append(data)
        else:
            self._other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._balancer.open.discard(self.transport)
        if self._other is not None:
            self._other.transport.abort()


class Front(Side):
    """The caller's side, which opens the other one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._linking = asyncio.create_task(self._balancer.link(self))


@asynccontextmanager
async def balanced(replicas: Sequence[int]) -> AsyncIterator[tuple[Balancer, Address]]:
    balancer = Balancer(replicas)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Front(balancer), "127.0.0.1", 0)
    async with server:
        yield balancer, Address(*server.sockets[0].getsockname()[:2])
    while balancer.open:
        for transport in list(balancer.open):
            transport.abort()
        await asyncio.sleep(0)
