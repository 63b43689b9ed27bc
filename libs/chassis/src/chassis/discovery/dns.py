"""Services found through cluster DNS."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.discovery.dns_cache import DnsCache
from chassis.discovery.interface import Address
from chassis.discovery.named import Directory
from chassis.discovery.resolver import SystemResolver


class DnsDirectory(Directory):
    """Find services in `<namespace>.svc.<cluster domain>`.

    Queries end with a dot, so that resolv.conf's `ndots:5` does not turn one query into four.
    Without a cluster domain there is no cluster, and every name is a host.
    """

    def __init__(self, *, cluster_domain: str | None, cache: DnsCache | None = None) -> None:
        self._cluster_domain = cluster_domain
        self._cache = cache or DnsCache(SystemResolver())
        self._turn = itertools.count()

    async def service(self, name: str, namespace: str, port: int) -> Address | None:
        """Return the service's address; a headless service's addresses are used in turn."""
        if self._cluster_domain is None:
            return None
        return await self._address(f"{name}.{namespace}.svc.{self._cluster_domain}.", port)

    async def host(self, name: str, port: int) -> Address | None:
        """Return the address of a host outside the cluster; its name has a dot."""
        if self._cluster_domain is not None:
            if "." not in name:
                return None
            name = name.removesuffix(".") + "."
        return await self._address(name, port)

    def report_failure(self, address: Address) -> None:
        """Report a failed connection so that the address is resolved again."""
        self._cache.report_failure(address.host)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Cancel background look-ups on exit."""
        try:
            yield
        finally:
            await self._cache.aclose()

    async def _address(self, host: str, port: int) -> Address | None:
        addresses = await self._cache.get(host)
        if not addresses:
            return None
        return Address(addresses[next(self._turn) % len(addresses)], port)
