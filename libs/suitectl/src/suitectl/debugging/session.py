"""A service under the debugger: begin, find the process that runs now, and end as it was."""

import asyncio
from collections.abc import Mapping
from typing import Any

from localkube.api.objects import DEBUG, Object, annotations_of, is_ready
from localkube.control.client import Client
from localkube.errors import LocalkubeError
from suitectl import waiting
from suitectl.catalogue import Service
from suitectl.debugging.debug_mode import PORT_NAME, begun, ended, set_aside
from suitectl.debugging.forward import Address
from suitectl.errors import CommandFailedError

READY_S = 120.0
"""Seconds for a process to be ready for its debugger."""


class DebugSession:
    """One of a service's Deployments under the debugger, and its other versions without pods."""

    def __init__(self, client: Client, service: Service, version: str | None) -> None:
        self._client, self._namespace = client, service.namespace
        self._all = tuple(service.deployments.values())
        self.deployment = chosen(service.name, service.deployments, version)

    async def begin(self) -> None:
        """Run one replica under the debugger, and wait until it is ready."""
        for name in self._all:
            change = begun if name == self.deployment else set_aside
            await self._patch(name, change(await self._get(name)))
        await self.find()

    async def find(self) -> Address:
        """Wait for the debugger of the process that runs now; raise `TimeoutError`."""
        what = f"a ready pod of {self.deployment}"
        return await waiting.until(self._address, what=what, seconds=READY_S)

    async def end(self) -> None:
        """Run the service as before."""
        for name in self._all:
            if change := ended(await self._get(name)):
                await self._patch(name, change)

    async def _address(self) -> Address | None:
        pods: list[Object] = await self._call("list", kind="Pod", namespace=self._namespace)
        ready = [pod for pod in pods if self._is_debugged(pod) and is_ready(pod)]
        return _debug_address(max(ready, key=_age)) if ready else None

    def _is_debugged(self, pod: Object) -> bool:
        owner = pod["metadata"]["ownerReferences"][0]["name"]
        return owner == self.deployment and DEBUG in annotations_of(pod)

    async def _get(self, name: str) -> Object:
        place = {"kind": "Deployment", "namespace": self._namespace, "names": [name]}
        found: list[Object] = await self._call("list", **place)
        return found[0]

    async def _patch(self, name: str, patch: Object) -> None:
        place = {"kind": "Deployment", "namespace": self._namespace, "name": name}
        await self._call("patch", **place, how="merge", patch=patch)

    async def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(self._client.call, operation, **arguments)
        except LocalkubeError as error:
            raise CommandFailedError(str(error)) from None


def chosen(service: str, deployments: Mapping[str, str], version: str | None) -> str:
    """Return the Deployment of a version, by default of the first; raise `CommandFailedError`."""
    if not version:
        return next(iter(deployments.values()))
    if version not in deployments:
        known = ", ".join(name for name in deployments if name) or "none"
        raise CommandFailedError(
            f"VERSION={version}: {service} has no such version; it has: {known}"
        )
    return deployments[version]


def _age(pod: Object) -> int:
    """Order pods by their creation."""
    return int(pod["metadata"]["resourceVersion"])


def _debug_address(pod: Object) -> Address:
    ports = pod["spec"]["containers"][0]["ports"]
    port = next(port for port in ports if port.get("name") == PORT_NAME)
    return pod["status"]["podIP"], int(port.get("hostPort", port["containerPort"]))
