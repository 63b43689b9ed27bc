"""Look-ups with a name server that loses packets, in a separate network namespace.

As a program, it configures the namespace's loopback, serves as the name server that
/etc/resolv.conf names, plays one scenario and prints what it saw as JSON.
"""

import asyncio
import fcntl
import json
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Sequence

from chassis.discovery import Address, LookupFailedError, resolver
from chassis.discovery.dns import DnsDirectory
from chassis.discovery.dns_cache import DnsCache
from chassis.discovery.resolver import SystemResolver
from eventually import PATIENCE_S
from integration.chassis_discovery.name_server import NameServer

NAME = "cas.system-server.svc.cluster.local."
POD = "10.0.0.9"
OLD, NEW = "10.0.0.1", "10.0.0.2"
_SIOCSIFFLAGS, _SIOCSIFADDR, _IFF_UP = 0x8914, 0x8916, 1


async def a_cold_look_up(server: NameServer) -> object:
    """Lose every packet of the first socket, so that both of its queries are lost."""
    first: set[tuple[str, int]] = set()

    def loses(sender: tuple[str, int]) -> bool:
        first.update(set() if first else {sender})
        return sender in first

    server.loses = loses
    resolver._TRIES = (
        0.3,
        PATIENCE_S,
        PATIENCE_S,
    )  # a second may be slow on a busy machine
    found = await DnsDirectory(cluster_domain="cluster.local").service("cas", "system-server", 80)
    return {"found": found, "asked": server.asked}


async def a_known_name(server: NameServer) -> object:
    """Silence the server once the cached result is too old, then return another address."""
    now, ended, ask = 0.0, 0, SystemResolver()
    resolver._TRIES = (PATIENCE_S, PATIENCE_S, PATIENCE_S)

    async def look_up(host: str) -> Sequence[str]:
        nonlocal ended
        try:
            return await ask(host)
        finally:
            ended += 1

    cache = DnsCache(look_up, clock=lambda: now)
    directory = DnsDirectory(cluster_domain="cluster.local", cache=cache)

    await directory.service("cas", "system-server", 80)
    now += 6
    server.loses = lambda _: True
    before = ended
    for _ in range(20):
        assert await directory.service("cas", "system-server", 80) == Address(OLD, 80)
        await asyncio.sleep(0)
    waited_for = ended - before
    server.addresses[NAME], new = NEW, Address(NEW, 80)
    server.find_lost()
    async with asyncio.timeout(PATIENCE_S):
        # Only calls start look-ups, so this polls.
        while await directory.service("cas", "system-server", 80) != new:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return {"waited_for": waited_for}


async def partial_response(server: NameServer) -> object:
    """Fail the A query, as a DNS cache does that has only the AAAA response."""
    _have_ipv6()
    server.fails = True
    directory = DnsDirectory(cluster_domain="cluster.local")
    try:
        return {"found": await directory.service("cas", "system-server", 80)}
    except LookupFailedError as error:
        return {"failed": str(error), "asked": sorted(set(server.asked))}


async def an_end_amid_silence(server: NameServer) -> object:
    """Exit while the resolver still works on a look-up."""
    server.loses = lambda _: True
    # clock: the query is sent immediately and gets no response
    await asyncio.wait([asyncio.create_task(SystemResolver()(NAME))], timeout=0.1)
    return {}


async def play(scenario: Callable[[NameServer], Awaitable[object]]) -> object:
    loop = asyncio.get_running_loop()
    server = NameServer()
    server.addresses[NAME] = OLD
    transport, _ = await loop.create_datagram_endpoint(lambda: server, ("127.0.0.1", 53))
    try:
        return await scenario(server)
    finally:
        transport.close()


def _raise_loopback() -> None:
    """Bring loopback up with another IPv4 address, as in an IPv4-only pod."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up = struct.pack("16sh14x", b"lo", _IFF_UP)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, up)
        address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(POD))
        fcntl.ioctl(any_socket, _SIOCSIFADDR, address)


def _have_ipv6() -> None:
    """Add an IPv6 address, as in a dual-stack pod, so that both queries are sent."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as any_socket:
        address = socket.inet_pton(socket.AF_INET6, "fd00::9")
        loopback = socket.if_nametoindex("lo")
        fcntl.ioctl(any_socket, _SIOCSIFADDR, struct.pack("16sIi", address, 64, loopback))


if __name__ == "__main__":
    _raise_loopback()
    sys.stdout.write(json.dumps(asyncio.run(play(globals()[sys.argv[1]]))))
