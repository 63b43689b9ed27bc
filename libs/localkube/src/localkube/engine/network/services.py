"""Services: an address, a listener for each port, and the endpoints of ready pods."""

import errno
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

from localkube.api.objects import Object, Ref, is_ready, ref_of, selects
from localkube.engine.controller import Controller
from localkube.engine.network.addresses import Addresses
from localkube.engine.network.balancer import Balancer, Endpoint
from localkube.engine.network.node_ports import NodePorts, NodePortTakenError
from localkube.engine.network.proxy import Listener, listening_socket
from localkube.engine.store import Store
from localkube.errors import LocalkubeError, UsageError

DEFAULT_AFFINITY_S = 10800


@dataclass(slots=True)
class Running:
    """A Service's address and listeners, by the ports of its manifest."""

    ip: str
    listeners: dict[int, Listener] = field(default_factory=dict)
    nodes: NodePorts = field(default_factory=NodePorts)

    def close(self, keep: Iterable[int] = ()) -> None:
        """Stop listening on all other ports."""
        for port in self.listeners.keys() - set(keep):
            self.listeners.pop(port).close()


class Services:
    """Opens the listeners of Services, and reconciles their endpoints."""

    def __init__(self, store: Store, addresses: Addresses) -> None:
        self._store, self._addresses = store, addresses
        self._running: dict[Ref, Running] = {}
        Controller(store, self._keys_for, self._reconcile)

    async def open(self, service: Object) -> Object:
        """Bind a Service's ports and return it with its address; raise `LocalkubeError`.

        An error leaves the present listeners unchanged.
        """
        ref, spec = ref_of(service), {"type": "ClusterIP"} | service["spec"]
        ports = [] if spec["type"] == "ExternalName" else spec["ports"]
        running = self._running.get(ref) or self._new(ref, spec)
        before = set(running.listeners)
        try:
            for port in ports:
                await self._open_port(ref, running, port["port"])
            await self._open_node_ports(ref, running, ports if spec["type"] == "NodePort" else [])
        except LocalkubeError:
            running.close(before)
            raise
        self._running[ref] = running
        running.close(port["port"] for port in ports)
        return _with_addresses(service, running) if ports else service

    def _new(self, ref: Ref, spec: Object) -> Running:
        running = Running(self._addresses.service_ip())
        if spec.get("clusterIP"):
            reason = f"localkube allocates the address, such as {running.ip}; remove the field"
            raise UsageError(f"{ref}: spec.clusterIP: {reason}")
        return running

    async def _open_node_ports(self, ref: Ref, running: Running, ports: list[Object]) -> None:
        others = {
            number
            for other, one in self._running.items()
            if other != ref
            for number in one.nodes.listeners
        }
        try:
            await running.nodes.open(ports, others, lambda sock: self._listen(sock, Balancer()))
        except NodePortTakenError as taken:
            raise UsageError(f'The Service "{ref.name}" is invalid: {taken}') from None
        for port in ports:
            running.nodes.of(port["port"]).balancer = running.listeners[port["port"]].balancer

    def close(self) -> None:
        """Stop listening for all Services."""
        for running in self._running.values():
            running.close()
            running.nodes.close()

    async def _open_port(self, ref: Ref, running: Running, number: int) -> None:
        if number not in running.listeners:
            sock = self._bind(ref, running.ip, number)
            running.listeners[number] = await self._listen(sock, Balancer())

    async def _listen(self, sock: socket.socket, balancer: Balancer) -> Listener:
        listener = Listener(sock, balancer, keep_source=self._addresses.loopback)
        await listener.start()
        return listener

    def _bind(self, ref: Ref, ip: str, port: int) -> socket.socket:
        reason = "is in use by another program; stop it, or use --addresses=ports"
        for candidate in self._addresses.service_ports(port):
            try:
                return listening_socket(ip, candidate)
            except OSError as error:
                if error.errno != errno.EACCES:
                    break
                reason = "needs root; use a port above 1023, or --addresses=ports"
        raise LocalkubeError(f"{ref}: {ip}:{port} {reason}")

    def _keys_for(self, ref: Ref) -> Iterable[Ref]:
        if ref.kind == "Pod":
            return [ref_of(service) for service in self._store.list("Service", ref.namespace)]
        return [ref] if ref.kind == "Service" else ()

    def _reconcile(self, key: Ref) -> None:
        if service := self._store.find(key):
            self._update_endpoints(service)
        elif deleted := self._running.pop(key, None):
            deleted.close()
            deleted.nodes.close()
            self._store.remove(Ref("Endpoints", key.namespace, key.name))

    def _update_endpoints(self, service: Object) -> None:
        running, spec = self._running[ref_of(service)], service["spec"]
        if not spec.get("selector") or not running.listeners:
            return
        pods = self._store.list("Pod", service["metadata"]["namespace"])
        ready = [pod for pod in pods if selects(spec["selector"], pod) and is_ready(pod)]
        subsets = []
        for port in spec.get("ports", []):
            found = [endpoint for pod in ready if (endpoint := _endpoint(pod, port))]
            balancer = running.listeners[port["port"]].balancer
            balancer.endpoints, balancer.affinity_s = tuple(found), _affinity(spec)
            subsets += [_subset(endpoint, port.get("name", "")) for endpoint in found]
        metadata = {key: service["metadata"][key] for key in ("name", "namespace")}
        head = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}
        self._store.put({**head, "subsets": subsets})


def _with_addresses(service: Object, running: Running) -> Object:
    """Return a Service with its clusterIP, node ports and `status.addresses`."""
    numbers = running.nodes.numbers
    ports = [
        {**port, "nodePort": numbers[port["port"]]} if port["port"] in numbers else port
        for port in service["spec"]["ports"]
    ]
    real = {str(p): "{}:{}".format(*s.address) for p, s in sorted(running.listeners.items())}
    spec = {"type": "ClusterIP"} | service["spec"] | {"clusterIP": running.ip, "ports": ports}
    return {**service, "spec": spec, "status": {"loadBalancer": {}, "addresses": real}}


def _endpoint(pod: Object, service_port: Object) -> Endpoint | None:
    target = service_port.get("targetPort", service_port["port"])
    for port in (port for c in pod["spec"]["containers"] for port in c["ports"]):
        if target in {port["containerPort"], port.get("name")}:
            return Endpoint(pod["status"]["podIP"], port.get("hostPort", port["containerPort"]))
    return Endpoint(pod["status"]["podIP"], target) if isinstance(target, int) else None


def _subset(endpoint: Endpoint, name: str) -> Object:
    port = {"name": name, "port": endpoint.port, "protocol": "TCP"}
    return {"addresses": [{"ip": endpoint.ip}], "ports": [port]}


def _affinity(spec: Object) -> float | None:
    if spec.get("sessionAffinity") != "ClientIP":
        return None
    config = spec.get("sessionAffinityConfig", {}).get("clientIP", {})
    return float(config.get("timeoutSeconds", DEFAULT_AFFINITY_S))
