"""Connections to Redis by its service name, looked up at each connect."""

from collections.abc import Mapping
from typing import Any

from hiredis import pack_command

from cas_server.stores.redis_py import Connection, RedisConnectionError, SSLConnection
from chassis.discovery import Address, Discovery, DiscoveryError


class DiscoveredConnection(Connection):
    """Connects to where discovery says the name leads now: Redis may have moved."""

    def __init__(self, *, discovery: Discovery, **options: Any) -> None:
        super().__init__(**options)
        self._discovery = discovery
        self._address = Address(self.host, self.port)

    async def _connect(self) -> None:
        """Raise redis' own error where the name leads nowhere: an outage like any other."""
        try:
            self._address = await self._discovery.resolve(self.host, self.port)
        except DiscoveryError as error:
            raise RedisConnectionError(str(error)) from error
        try:
            await super()._connect()  # type: ignore[no-untyped-call]  # redis-py
        except OSError:
            self._discovery.report_failure(self._address)
            raise

    def pack_command(self, *args: Any) -> list[bytes]:
        """Pack a command in C: redis-py's own packer takes longer than all else of a write."""
        head, *rest = args
        name = head.split() if isinstance(head, str) else [head]  # "CONFIG GET" is two arguments
        return [pack_command((*name, *rest))]

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {**super()._connection_arguments(), **self._address._asdict()}


class DiscoveredSSLConnection(DiscoveredConnection, SSLConnection):
    """Proves the service's name, not the address it leads to."""

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {**super()._connection_arguments(), "server_hostname": self.host}
