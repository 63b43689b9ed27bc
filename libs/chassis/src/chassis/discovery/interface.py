"""The port that resolves service names."""

from typing import NamedTuple, Protocol


class Address(NamedTuple):
    """An IP address, or a name for the system's resolver, and a port."""

    host: str
    port: int


class Discovery(Protocol):
    """Resolve service names; the errors are those of `chassis.discovery.errors`."""

    async def resolve(self, name: str, port: int) -> Address:
        """Return the address of `name`, a short, qualified or full service name, at `port`."""
        ...

    def report_failure(self, address: Address) -> None:
        """Report a failed connection so that the address is resolved again."""
        ...
