"""The port that turns service names into addresses."""

from typing import NamedTuple, Protocol


class Address(NamedTuple):
    """Say where to connect to: an IP address (or a name the resolver takes) and a port."""

    host: str
    port: int


class Discovery(Protocol):
    """Find the address behind a service name.

    It never answers with nothing: a name is found, or one of the errors of
    `chassis.discovery.errors` says why not.
    """

    async def resolve(self, name: str, port: int) -> Address:
        """Return the address of `name`, a short, qualified or full service name, at `port`."""
        ...

    def doubt(self, address: Address) -> None:
        """Hear that no connection came about: what is known of it wants a new look."""
        ...
