"""The primary's address, as a majority of the Sentinels names it."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from cas_server.stores.held_connections import HeldConnections
from cas_server.stores.redis_py import ConnectionPool, RedisError
from chassis.discovery import Address, LookupFailedError
from chassis.single_flight import SingleFlight

SENTINEL_PORT = 26379
_RESPONSE_S = 0.5
"""A Sentinel that takes longer is ignored: the others are a majority, or there is none."""


class Sentinels:
    """Ask the Sentinels for the primary's address: a discovery whose one name is the master's.

    One Sentinel beside a primary that is cut off still names that primary; a majority does not.
    """

    def __init__(self, pools: Sequence[ConnectionPool]) -> None:
        self._pools = pools
        self._connections = [HeldConnections(pool, most_idle=0) for pool in pools]
        self._flights: SingleFlight[str, Address] = SingleFlight()

    async def primary(self, master: str) -> Address:
        """Return where the primary of this name is; raise `LookupFailedError`."""
        return await self._flights.run(master, lambda: self._majority(master))

    async def resolve(self, name: str, port: int) -> Address:  # noqa: ARG002 - Sentinels know the port
        """Return the same, asked as any discovery is."""
        return await self.primary(name)

    def report_failure(self, address: Address) -> None:
        """Do nothing: every connect queries the Sentinels."""

    async def aclose(self) -> None:
        """Close the connections."""
        for pool in self._pools:
            await pool.aclose()

    async def _majority(self, name: str) -> Address:
        named: Counter[Address] = Counter()
        asked = [asyncio.create_task(_named_by(one, name)) for one in self._connections]
        try:
            for response in asyncio.as_completed(asked):
                if (address := await response) is None:
                    continue
                named[address] += 1
                if named[address] > len(self._pools) // 2:
                    return address
        finally:
            for task in asked:
                task.cancel()
        found = ", ".join(f"{a.host}:{a.port} by {count}" for a, count in named.items())
        raise LookupFailedError(f"{name}: most Sentinels name no primary ({found or 'none does'})")


async def _named_by(sentinel: HeldConnections, name: str) -> Address | None:
    """Return what one Sentinel says, None where it does not know or respond."""
    try:
        async with asyncio.timeout(_RESPONSE_S):
            found = await sentinel.run("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
    except (RedisError, OSError, TimeoutError):
        return None
    return Address(found[0].decode(), int(found[1])) if found else None
