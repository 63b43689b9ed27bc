"""`port-forward`: forward local ports to a pod, until it ends."""

import argparse
import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localkube.control.client import Client
from localkube.control.watch import Watch
from localkube.errors import LocalkubeError, UsageError
from localkube.terminal import print_error, print_result
from localkube.verbs.attachable_pod import owner_and_pod

CONNECTIONS = 512
"""Connections that are forwarded at a time; more are closed."""
_CHUNK_BYTES = 64 * 1024
_LOCALHOST = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Forward:
    """A local port, 0 for any free one; the pod's port, and where it really listens."""

    local: int
    remote: int
    address: tuple[str, int]


def port_forward(options: argparse.Namespace, client: Client) -> int:
    """Forward ports of this machine to a pod; raise `LocalkubeError` when the pod ends."""
    if len(options.what) < 2:  # noqa: PLR2004  # what and a port
        raise UsageError("TYPE/NAME and list of ports are required for port-forward")
    first, *ports = options.what
    owner, pod = owner_and_pod(options, client, first)
    forwards = [_forward(port, owner, pod) for port in ports]
    chosen = {"names": [pod["metadata"]["name"]]}
    with client.watch(["Pod"], options.namespace, **chosen) as changes:
        asyncio.run(_serve(options.address.split(","), forwards, changes))
    raise LocalkubeError("lost connection to pod")


def _forward(text: str, owner: Any, pod: Any) -> Forward:
    """Read `[LOCAL:]REMOTE`, a Service's port as that of its pod; raise `LocalkubeError`."""
    local, _, remote = text.rpartition(":")
    if local and not local.isdigit():
        raise UsageError(f'error parsing local port "{local}" of {text}')
    port = _target(remote, owner) if owner["kind"] == "Service" else remote
    name = pod["metadata"]["name"]
    declared = [port for c in pod["spec"]["containers"] for port in c.get("ports", [])]
    found = [one for one in declared if str(port) in {str(one["containerPort"]), one.get("name")}]
    if not found and not str(port).isdigit():
        raise LocalkubeError(f"Pod '{name}' does not have a named port '{port}'")
    number = int(found[0]["containerPort"] if found else port)
    real = int(found[0].get("hostPort", number)) if found else number
    wanted = int(local) if local else 0 if text.startswith(":") else int(_number(remote, number))
    return Forward(wanted, number, (pod["status"]["podIP"], real))


def _number(text: str, otherwise: int) -> str | int:
    return text if text.isdigit() else otherwise


def _target(remote: str, service: Any) -> str | int:
    name = service["metadata"]["name"]
    for port in service["spec"].get("ports", []):
        if remote in {str(port["port"]), port.get("name")}:
            target: str | int = port.get("targetPort", port["port"])
            return target
    if remote.isdigit():
        raise LocalkubeError(f"Service {name} does not have a service port {remote}")
    raise LocalkubeError(f"Service '{name}' does not have a named port '{remote}'")


async def _serve(addresses: Sequence[str], forwards: Sequence[Forward], changes: Watch) -> None:
    """Forward until the pod has ended."""
    async with contextlib.AsyncExitStack() as stack:
        for forward in forwards:
            for server in await _listen(addresses, forward):
                stack.callback(server.close)
        await _ended(changes)


async def _listen(addresses: Sequence[str], forward: Forward) -> list[asyncio.Server]:
    """Listen on all addresses, for localhost on what there is of IPv4 and IPv6."""
    servers: list[asyncio.Server] = []
    port, errors = forward.local, []
    for address in addresses:
        for host in _LOCALHOST if address == "localhost" else (address,):
            relay = _Relay(forward)
            try:
                server = await asyncio.start_server(relay.serve, host, port)
            except OSError as error:
                errors.append(f"{host}: {error.strerror or error}")
                continue
            servers.append(server)
            # A free port that was chosen for the first address is that of the others too.
            port = relay.local = server.sockets[0].getsockname()[1]
            shown = f"[{host}]" if ":" in host else host
            print_result(f"Forwarding from {shown}:{port} -> {forward.remote}")
    if not servers:
        failed = f"unable to listen on port {forward.local}"
        raise LocalkubeError(f"{failed}: {'; '.join(errors)}")
    return servers


async def _ended(changes: Watch) -> None:
    """Wait for the pod's end."""
    changed, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(changes.fileno(), changed.set)
    try:
        while True:
            await changed.wait()
            changed.clear()
            if any(change["type"] == "DELETED" for change in changes.arrived(0)):
                return
    finally:
        loop.remove_reader(changes.fileno())


class _Relay:
    """Relays the connections to one local port."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._open = 0
        self.local = forward.local

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection."""
        if self._open >= CONNECTIONS:
            writer.close()
            return
        self._open += 1
        with contextlib.suppress(BrokenPipeError):  # what waited for the first line has left
            print_result(f"Handling connection for {self.local}")
        try:
            await self._relay(reader, writer)
        finally:
            self._open -= 1
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            pod_reader, pod_writer = await asyncio.open_connection(*self._forward.address)
        except OSError as error:
            ports = f"{self.local} -> {self._forward.remote}"
            reason = error.strerror or error
            print_error(f"an error occurred forwarding {ports}: {reason}")
            return
        try:
            await asyncio.gather(_pump(reader, pod_writer), _pump(pod_reader, writer))
        except OSError:
            writer.transport.abort()
        finally:
            pod_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction, and forward its end."""
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
