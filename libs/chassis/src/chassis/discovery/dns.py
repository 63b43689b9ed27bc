"""Services as cluster DNS knows them."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.discovery.dns_cache import Answers
from chassis.discovery.interface import Address
from chassis.discovery.named import Directory
from chassis.discovery.resolver import SystemResolver


class DnsDirectory(Directory):
    """Find services in `<namespace>.svc.<cluster domain>`.

    Names are asked for with their trailing dot, so that resolv.conf's `ndots:5` does not turn
    one question into four. Without a cluster domain there is no cluster: every name is a host.
    """

    def __init__(self, *, cluster_domain: str | None, answers: Answers | None = None) -> None:
        self._cluster_domain = cluster_domain
        self._answers = answers or Answers(SystemResolver())
        self._turn = itertools.count()

    async def service(self, name: str, namespace: str, port: int) -> Address | None:
        """Return the service's address, taking turns where it has several (headless)."""
        if self._cluster_domain is None:
            return None
        return await self._address(f"{name}.{namespace}.svc.{self._cluster_domain}.", port)

    async def host(self, name: str, port: int) -> Address | None:
        """Return the address of a name outside the cluster; one without dots is none there."""
        if self._cluster_domain is not None:
            if "." not in name:
                return None
            name = name.removesuffix(".") + "."
        return await self._address(name, port)

    def doubt(self, address: Address) -> None:
        """Ask anew where no connection came about: the service may have moved."""
        self._answers.doubt(address.host)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """End, in the end, the look-ups that nobody waits for."""
        try:
            yield
        finally:
            await self._answers.aclose()

    async def _address(self, host: str, port: int) -> Address | None:
        addresses = await self._answers.get(host)
        if not addresses:
            return None
        return Address(addresses[next(self._turn) % len(addresses)], port)
