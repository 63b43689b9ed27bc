"""In which namespaces a service name is looked up, the same for every directory."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from chassis.discovery.errors import AmbiguousNameError, LookupFailedError, NameNotFoundError
from chassis.discovery.interface import Address
from chassis.discovery.service_name import ServiceName, is_literal, parse_name


class Directory(Protocol):
    """Look up services and hosts.

    `service` and `host` return None if the name does not exist. They raise `LookupFailedError` if
    that is unknown, since None would send a call to another namespace's service.
    """

    async def service(self, name: str, namespace: str, port: int) -> Address | None:
        """Return the address of a service in the cluster."""
        ...

    async def host(self, name: str, port: int) -> Address | None:
        """Return the address of a host outside the cluster."""
        ...

    def report_failure(self, address: Address) -> None:
        """Report a failed connection so that the address is resolved again."""
        del address

    def namespaces_of(self, name: str) -> Sequence[str] | None:
        """Return the namespaces that have a service; None if not all of them are watched."""
        del name
        return None

    def running(self) -> AbstractAsyncContextManager[None]:
        """Run background tasks within the context."""
        return nullcontext()

    def unknown(self) -> str:
        """Return why the directory is not ready yet; empty once it is."""
        return ""


@dataclass(frozen=True, slots=True)
class NamedDiscovery:
    """Resolve names with a directory.

    A short name is looked up in the own namespace first, then in `namespaces`, then in all others
    the directory watches. If several of those have it, the error names the candidates, which are
    different services.
    """

    directory: Directory
    own_namespace: str
    namespaces: tuple[str, ...] = ()
    cluster_domain: str | None = None

    async def resolve(self, name: str, port: int) -> Address:
        """Return the address of `name` at `port`; raise a `DiscoveryError`."""
        if is_literal(name):
            return Address(name, port)
        parsed = parse_name(name, cluster_domain=self.cluster_domain)
        found = await self._in_cluster(parsed, port) if parsed else None
        found = found or await self.directory.host(name, port)
        if found is None:
            raise NameNotFoundError(f"{name}:{port}: {self._where(parsed)}")
        return found

    def report_failure(self, address: Address) -> None:
        """Report a failed connection to the directory."""
        self.directory.report_failure(address)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Run the directory's background tasks within the context."""
        return self.directory.running()

    async def check(self) -> None:
        """Raise `LookupFailedError` while the directory is not ready (readiness check)."""
        if why := self.directory.unknown():
            raise LookupFailedError(why)

    async def _in_cluster(self, name: ServiceName, port: int) -> Address | None:
        if name.namespace is not None:
            return await self.directory.service(name.service, name.namespace, port)
        own = await self.directory.service(name.service, self.own_namespace, port)
        return (
            own
            or await self._one_of(self._other_namespaces(), name.service, port)
            or await self._one_of(self._all_namespaces(name.service), name.service, port)
        )

    async def _one_of(self, namespaces: Sequence[str], service: str, port: int) -> Address | None:
        found: dict[str, Address] = {}
        for namespace in namespaces:
            if (address := await self.directory.service(service, namespace, port)) is not None:
                found[f"{service}.{namespace}"] = address
        if len(found) > 1:
            raise AmbiguousNameError(service, list(found))
        return next(iter(found.values()), None)

    def _other_namespaces(self) -> Sequence[str]:
        return [name for name in dict.fromkeys(self.namespaces) if name != self.own_namespace]

    def _all_namespaces(self, service: str) -> Sequence[str]:
        return self.directory.namespaces_of(service) or ()

    def _where(self, parsed: ServiceName | None) -> str:
        if parsed is None:
            return "no such host"
        if parsed.namespace is not None:
            return f"no such service in namespace {parsed.namespace}, and no such host"
        if self.directory.namespaces_of(parsed.service) is not None:
            return "no such service in any namespace"
        searched = ", ".join((self.own_namespace, *self._other_namespaces()))
        return f"no such service in {searched}; other namespaces go in discovery.namespaces"
