"""Services: an address, a listener per port, and the ready pods behind it."""

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from localkube.addresses import HOST, Addresses
from localkube.balancer import Balancer, Endpoint
from localkube.errors import LocalkubeError
from localkube.events import Events
from localkube.objects import Object, Ref, labels_of, ref_of
from localkube.proxy import BACKLOG, Listener, tcp_socket
from localkube.selectors import from_labels, matches
from localkube.store import Store

DEFAULT_AFFINITY_S = 10800
_LAST_NODE_PORT = 32767


@dataclass(slots=True)
class Running:
    """A Service's address and what listens on it; keys are the manifest's ports."""

    ip: str
    balancers: dict[int, Balancer] = field(default_factory=dict)
    listeners: dict[int, Listener] = field(default_factory=dict)
    node_ports: dict[int, Listener] = field(default_factory=dict)


class Services:
    """Keeps listeners and endpoints at what Services, pods and labels say."""

    def __init__(self, store: Store, addresses: Addresses, events: Events) -> None:
        self._store, self._addresses, self._events = store, addresses, events
        self._running: dict[Ref, Running] = {}
        store.subscribe(self._on_change)

    async def open(self, service: Object) -> None:
        """Bind what a Service listens on before it is stored; raise `LocalkubeError`."""
        ref, spec = ref_of(service), service["spec"]
        ports = [] if spec.get("type") == "ExternalName" else spec["ports"]
        running = self._running.get(ref) or Running(self._addresses.service_ip())
        is_new = ref not in self._running
        try:
            await self._open_ports(ref, running, ports, node=spec.get("type") == "NodePort")
        except LocalkubeError:
            if is_new:
                _close(running, keep=[])
            raise
        self._running[ref] = running
        _close(running, keep=[port["port"] for port in ports])
        if spec.get("type") != "NodePort":
            _close_all(running.node_ports)

    def described(self, service: Object) -> Object:
        """Return the Service with its real address and ports filled in."""
        running, spec = self._running[ref_of(service)], dict(service["spec"])
        if spec.get("type") == "ExternalName":
            return service
        spec.setdefault("type", "ClusterIP")
        nodes = running.node_ports if spec["type"] == "NodePort" else {}
        ports = [
            {**port, "nodePort": nodes[port["port"]].address[1]} if port["port"] in nodes else port
            for port in spec["ports"]
        ]
        real = {str(p): "{}:{}".format(*s.address) for p, s in running.listeners.items()}
        spec |= {"clusterIP": running.ip, "ports": ports}
        return {**service, "spec": spec, "status": {"loadBalancer": {}, "addresses": real}}

    def close(self) -> None:
        """Stop listening for all Services."""
        for running in self._running.values():
            _close(running, keep=[])
        self._running.clear()

    async def _open_ports(
        self, ref: Ref, running: Running, ports: list[Object], *, node: bool
    ) -> None:
        for port in ports:
            number = port["port"]
            balancer = running.balancers.setdefault(number, Balancer())
            if number not in running.listeners:
                sock = self._bind(ref, running.ip, number)
                running.listeners[number] = await self._listen(sock, balancer)
            if node and number not in running.node_ports:
                sock = _bind_node_port(port.get("nodePort") or 30000)
                running.node_ports[number] = await self._listen(sock, balancer)

    async def _listen(self, sock: socket.socket, balancer: Balancer) -> Listener:
        keep_source = self._addresses.source_addresses
        listener = Listener(sock, balancer, keep_source=keep_source)
        await listener.start()
        return listener

    def _bind(self, ref: Ref, ip: str, port: int) -> socket.socket:
        error: OSError | None = None
        for candidate in self._addresses.service_ports(port):
            try:
                return _bind(ip, candidate)
            except OSError as problem:
                error = problem
                if problem.errno != errno.EACCES:
                    break
        if error is not None and error.errno == errno.EACCES:
            what = "needs root; use a port above 1023, or --addresses=ports"
        else:
            what = "is in use by another program; stop it, or use --addresses=ports"
        raise LocalkubeError(f"{ref}: {ip}:{port} {what}")

    def _on_change(self, ref: Ref) -> None:
        if ref.kind == "Pod":
            for service in self._store.list("Service", ref.namespace):
                self._refresh(service)
        elif ref.kind == "Service":
            self._on_service(ref)

    def _on_service(self, ref: Ref) -> None:
        service = self._store.find(ref)
        if service is not None:
            self._refresh(service)
        elif running := self._running.pop(ref, None):
            _close(running, keep=[])
            self._store.remove(Ref("Endpoints", ref.namespace, ref.name))

    def _refresh(self, service: Object) -> None:
        running, spec = self._running.get(ref_of(service)), service["spec"]
        if running is None or not spec.get("selector"):
            return
        selector = from_labels(spec["selector"])
        pods = [
            pod
            for pod in self._store.list("Pod", service["metadata"]["namespace"])
            if matches(selector, labels_of(pod)) and is_ready(pod)
        ]
        for port in spec["ports"]:
            found = [endpoint for pod in pods if (endpoint := _endpoint(pod, port))]
            balancer = running.balancers[port["port"]]
            balancer.endpoints = tuple(found)
            balancer.affinity_s = _affinity(spec)
        self._store.put(_endpoints_object(service, running))


def is_ready(pod: Object) -> bool:
    """Say whether a pod takes new connections."""
    conditions = {c["type"]: c["status"] for c in pod.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def _endpoint(pod: Object, service_port: Object) -> Endpoint | None:
    target = service_port.get("targetPort") or service_port["port"]
    declared = [p for c in pod["spec"]["containers"] for p in c.get("ports") or []]
    for port in declared:
        if target in {port["containerPort"], port.get("name")}:
            return Endpoint(pod["status"]["podIP"], port.get("hostPort") or port["containerPort"])
    return Endpoint(pod["status"]["podIP"], target) if isinstance(target, int) else None


def _affinity(spec: Object) -> float | None:
    if spec.get("sessionAffinity") != "ClientIP":
        return None
    config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    return float(config.get("timeoutSeconds") or DEFAULT_AFFINITY_S)


def _endpoints_object(service: Object, running: Running) -> Object:
    metadata = {key: service["metadata"][key] for key in ("name", "namespace")}
    subsets = [
        {
            "addresses": [{"ip": endpoint.ip}],
            "ports": [{"name": port.get("name", ""), "port": endpoint.port, "protocol": "TCP"}],
        }
        for port in service["spec"]["ports"]
        for endpoint in running.balancers[port["port"]].endpoints
    ]
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets}


def _close(running: Running, *, keep: list[int]) -> None:
    for listeners in (running.listeners, running.node_ports):
        _close_all(listeners, keep)


def _close_all(listeners: dict[int, Listener], keep: Sequence[int] = ()) -> None:
    for port in [port for port in listeners if port not in keep]:
        listeners.pop(port).close()


def _bind(ip: str, port: int) -> socket.socket:
    sock = tcp_socket()
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((ip, port))
        # Listening at once shows a port in use here and not later.
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _bind_node_port(wanted: int) -> socket.socket:
    for port in range(wanted, _LAST_NODE_PORT + 1):
        try:
            return _bind(HOST, port)
        except OSError:
            continue
    raise LocalkubeError(f"no free NodePort from {wanted} on; choose a lower nodePort")
