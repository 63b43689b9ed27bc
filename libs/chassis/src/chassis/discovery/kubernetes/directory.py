"""Services and their pods, as the API server lists them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from chassis.discovery.dns import DnsDirectory
from chassis.discovery.errors import LookupFailedError, NameNotFoundError, NoReadyPodError
from chassis.discovery.interface import Address
from chassis.discovery.kubernetes.api import ApiServer
from chassis.discovery.kubernetes.ejection import Ejections
from chassis.discovery.kubernetes.indexer import Indexer
from chassis.discovery.kubernetes.objects import (
    ENDPOINT_SLICES,
    SERVICES,
    Name,
    Service,
    Slice,
)
from chassis.discovery.kubernetes.reflector import VERBS, Reflector
from chassis.discovery.named import Directory

CALLS = frozenset((r.group, r.plural, verb) for r in (SERVICES, ENDPOINT_SLICES) for verb in VERBS)
"""API group, resource and verb of each call; `k8s/components/discovery-rbac` allows these."""


class KubernetesDirectory(Directory):
    """Find Services through the API server, in the given namespaces, or in all for None.

    Mode `service` returns the Service's cluster IP: a call needs no look-up, the cluster balances
    the connections, and no pods are listed. Mode `pod` returns the ready pods' addresses in turn.
    DNS resolves the rest: hosts outside the cluster, namespaces that are not watched and, in mode
    `service`, headless Services.

    A Service without an address is an error, not None, which would send its calls to the Service
    of another namespace.
    """

    def __init__(
        self,
        api: ApiServer,
        *,
        namespaces: Sequence[str] | None,
        mode: Literal["service", "pod"],
        dns: DnsDirectory,
    ) -> None:
        self._pods = mode == "pod"
        self._dns = dns
        self._services: Indexer[Service] = Indexer()
        self._slices: Indexer[Slice] = Indexer()
        self._ejections = Ejections()
        self._reflectors: dict[str | None, list[Reflector[Any]]] = {}
        for namespace in (None,) if namespaces is None else dict.fromkeys(namespaces):
            reflectors: list[Reflector[Any]] = [Reflector(api, SERVICES, namespace, self._services)]
            if self._pods:
                reflectors.append(Reflector(api, ENDPOINT_SLICES, namespace, self._slices))
            self._reflectors[namespace] = reflectors

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch the API server within the context."""
        tasks = [
            asyncio.create_task(reflector.run(), name="discovery")
            for reflectors in self._reflectors.values()
            for reflector in reflectors
        ]
        try:
            async with self._dns.running():
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def report_failure(self, address: Address) -> None:
        """Eject a pod for a while if there are others, and resolve a host again."""
        self._dns.report_failure(address)
        self._ejections.add(address)

    def unknown(self) -> str:
        """Return why a list has not been read yet; empty once all have been."""
        return next((why for name in self._reflectors if (why := self._unsynced(name))), "")

    async def service(self, name: str, namespace: str, port: int) -> Address | None:
        """Return the address of a Service, or of one of its pods."""
        watched = None if None in self._reflectors else namespace
        if watched not in self._reflectors:
            return await self._dns.service(name, namespace, port)
        self._require_synced(watched)
        found = self._services.get(Name(namespace, name))
        if found is None:
            return None
        if found.external_name is not None:
            return await self._outside(Name(namespace, name), found.external_name, port)
        if found.address is not None and port not in found.ports:
            ports = ", ".join(str(known) for known in found.ports)
            raise NameNotFoundError(f"{name}.{namespace}: has no port {port}, only {ports}")
        if self._pods:
            return self._pod(Name(namespace, name), found, port)
        if found.address is None:
            return await self._headless(Name(namespace, name), port)
        return Address(found.address, port)

    async def host(self, name: str, port: int) -> Address | None:
        """Return the address of a host outside the cluster, from DNS."""
        return await self._dns.host(name, port)

    def namespaces_of(self, name: str) -> Sequence[str] | None:
        """Return the namespaces that have a Service of this name, if all are watched."""
        if None not in self._reflectors:
            return None
        self._require_synced(None)
        return sorted(found.namespace for found in self._services.group(name))

    async def _outside(self, name: Name, host: str, port: int) -> Address:
        if (address := await self._dns.host(host, port)) is None:
            raise NameNotFoundError(f"{name.name}.{name.namespace}: no such host as its {host}")
        return address

    async def _headless(self, name: Name, port: int) -> Address:
        if (address := await self._dns.service(name.name, name.namespace, port)) is None:
            raise _no_pod(name, port)
        return address

    def _pod(self, name: Name, service: Service, port: int) -> Address:
        slices = [
            one for one in self._slices.group(name).values() if service.family in (None, one.family)
        ]
        # Without a ready pod, terminating pods that still serve are used, as kube-proxy does.
        pods = _pods(service, port, [(one, one.ready) for one in slices]) or _pods(
            service, port, [(one, one.ending) for one in slices]
        )
        if not pods:
            raise _no_pod(name, port)
        pods = self._ejections.without(pods)
        return pods[next(service.turn) % len(pods)]

    def _require_synced(self, namespace: str | None) -> None:
        if why := self._unsynced(namespace):
            raise LookupFailedError(why)

    def _unsynced(self, namespace: str | None) -> str:
        """Return why a namespace (None: all) has not been listed yet; empty once it has."""
        waiting = (one for one in self._reflectors[namespace] if not one.has_synced)
        return next((f"the API server: {one.trouble}" for one in waiting), "")


def _no_pod(name: Name, port: int) -> NoReadyPodError:
    return NoReadyPodError(f"{name.name}.{name.namespace}:{port}: no pod is ready")


def _pods(
    service: Service, port: int, addresses: Sequence[tuple[Slice, Sequence[str]]]
) -> Sequence[Address]:
    """Return the pods' addresses for a port of their Service; a headless one may have no ports."""
    found: dict[Address, None] = {}
    for one, hosts in addresses:
        target = one.ports.get(service.ports[port]) if port in service.ports else port
        if target is not None:
            found.update(dict.fromkeys(Address(host, target) for host in hosts))
    return list(found)
