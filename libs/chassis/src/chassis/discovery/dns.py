"""Services as cluster DNS knows them."""

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable, Sequence

from chassis.discovery.answers import Answers
from chassis.discovery.errors import LookupFailedError
from chassis.discovery.named import Directory
from chassis.discovery.protocol import Address

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Return the IP addresses of a host name, none where it does not exist; raise
`LookupFailedError` when nobody can say."""

_LOOKUP_TIMEOUT = 2.0
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


class DnsDirectory(Directory):
    """Find services in `<namespace>.svc.<cluster domain>`.

    Names are asked for with their trailing dot, so that resolv.conf's `ndots:5` does not turn
    one question into four. Without a cluster domain there is no cluster: every name is a host.
    """

    def __init__(self, *, cluster_domain: str | None, answers: Answers | None = None) -> None:
        self._cluster_domain = cluster_domain
        self._answers = answers or Answers(look_up)
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

    async def _address(self, host: str, port: int) -> Address | None:
        addresses = await self._answers.get(host)
        if not addresses:
            return None
        return Address(addresses[next(self._turn) % len(addresses)], port)


async def look_up(host: str) -> Sequence[str]:
    """Ask the system's resolver, in a thread, for at most two seconds."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_LOOKUP_TIMEOUT):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            return ()
        raise LookupFailedError(f"{host}: {error.strerror}") from error
    except (TimeoutError, OSError, UnicodeError) as error:
        raise LookupFailedError(f"{host}: {error or 'no answer from the name server'}") from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
