"""Services and their pods, kept as the API server has them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from chassis.discovery.dns import DnsDirectory
from chassis.discovery.errors import LookupFailedError, NameNotFoundError, NoReadyPodError
from chassis.discovery.interface import Address
from chassis.discovery.kubernetes.api import ApiServer
from chassis.discovery.kubernetes.doubts import Doubts
from chassis.discovery.kubernetes.mirror import Mirror
from chassis.discovery.kubernetes.objects import (
    ENDPOINT_SLICES,
    SERVICES,
    Name,
    Service,
    Slice,
)
from chassis.discovery.kubernetes.watch import VERBS, Watch
from chassis.discovery.named import Directory

CALLS = frozenset((r.group, r.plural, verb) for r in (SERVICES, ENDPOINT_SLICES) for verb in VERBS)
"""Each call made: API group, resource, verb. `k8s/components/discovery-rbac` allows these."""


class KubernetesDirectory(Directory):
    """Find Services through the API server, in the namespaces given, or in all for None.

    Mode `service` gives the Service's cluster address, so that a call costs no look-up and the
    cluster balances its connections; pods are not read at all. Mode `pod` gives the ready pods'
    addresses by turns, call by call. What has no such address is left to DNS: hosts outside the
    cluster, namespaces that are not followed and, in mode `service`, headless Services.

    A Service that is there and leads nowhere is an error and no "there is none", which would send
    its calls to another namespace's.
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
        self._services: Mirror[Service] = Mirror()
        self._slices: Mirror[Slice] = Mirror()
        self._doubts = Doubts()
        self._watches: dict[str | None, list[Watch[Any]]] = {}
        for namespace in (None,) if namespaces is None else dict.fromkeys(namespaces):
            watches: list[Watch[Any]] = [Watch(api, SERVICES, namespace, self._services)]
            if self._pods:
                watches.append(Watch(api, ENDPOINT_SLICES, namespace, self._slices))
            self._watches[namespace] = watches

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the API server meanwhile."""
        tasks = [
            asyncio.create_task(watch.run(), name="discovery")
            for watches in self._watches.values()
            for watch in watches
        ]
        try:
            async with self._dns.running():
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def doubt(self, address: Address) -> None:
        """Have DNS asked anew; a pod gets no calls for a while, where there are others."""
        self._dns.doubt(address)
        self._doubts.add(address)

    def unknown(self) -> str:
        """Return why not everything has been read once."""
        return next((why for namespace in self._watches if (why := self._unread(namespace))), "")

    async def service(self, name: str, namespace: str, port: int) -> Address | None:
        """Return the address of a Service, or of one of its pods."""
        followed = None if None in self._watches else namespace
        if followed not in self._watches:
            return await self._dns.service(name, namespace, port)
        self._require(followed)
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
        """Return the address of a name outside the cluster, as DNS knows it."""
        return await self._dns.host(name, port)

    def namespaces_of(self, name: str) -> Sequence[str] | None:
        """Return the namespaces that have a Service of this name, where all are read."""
        if None not in self._watches:
            return None
        self._require(None)
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
        # Nobody ready: those that end but still answer are better than none, as kube-proxy has it.
        pods = _pods(service, port, [(one, one.ready) for one in slices]) or _pods(
            service, port, [(one, one.ending) for one in slices]
        )
        if not pods:
            raise _no_pod(name, port)
        pods = self._doubts.without(pods)
        return pods[next(service.turn) % len(pods)]

    def _require(self, namespace: str | None) -> None:
        """Raise unless a namespace that is followed, or all, has been read once."""
        if why := self._unread(namespace):
            raise LookupFailedError(why)

    def _unread(self, namespace: str | None) -> str:
        """Return why a namespace, or all, has not been read yet; empty where it has."""
        waiting = (watch for watch in self._watches[namespace] if not watch.known)
        return next((f"the API server: {watch.trouble}" for watch in waiting), "")


def _no_pod(name: Name, port: int) -> NoReadyPodError:
    return NoReadyPodError(f"{name.name}.{name.namespace}:{port}: none of its pods is ready")


def _pods(
    service: Service, port: int, addresses: Sequence[tuple[Slice, Sequence[str]]]
) -> Sequence[Address]:
    """Return where pods listen for a port of their Service; a headless one may name none."""
    found: dict[Address, None] = {}
    for one, hosts in addresses:
        target = one.ports.get(service.ports[port]) if port in service.ports else port
        if target is not None:
            found.update(dict.fromkeys(Address(host, target) for host in hosts))
    return list(found)
