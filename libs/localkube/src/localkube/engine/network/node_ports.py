"""The node ports of a Service: listeners on 127.0.0.1 that follow its ports."""

import socket
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

from localkube.api.objects import Object
from localkube.api.validation.service import NODE_PORTS
from localkube.engine.network.addresses import HOST
from localkube.engine.network.proxy import Listener, listening_socket


class NodePortTakenError(Exception):
    """A requested port is in use; the message is Kubernetes'."""

    def __init__(self, index: int, number: int) -> None:
        path = f"spec.ports[{index}].nodePort"
        super().__init__(f"{path}: Invalid value: {number}: provided port is already allocated")


@dataclass(slots=True)
class NodePorts:
    """The node port of each port of a Service.

    A new Service takes the next free port where another program holds the requested one, because
    several suites run on one machine. A changed Service gets the requested port or is refused.
    """

    numbers: dict[int, int] = field(default_factory=dict)
    """Node port by port of the Service."""
    listeners: dict[int, Listener] = field(default_factory=dict)
    """By node port."""
    _requested: dict[int, int | None] = field(default_factory=dict)

    def of(self, port: int) -> Listener:
        """Return the listener of a port of the Service."""
        return self.listeners[self.numbers[port]]

    async def open(
        self,
        ports: list[Object],
        others: Collection[int],
        listen: Callable[[socket.socket], Awaitable[Listener]],
    ) -> None:
        """Listen for exactly these ports; raise `NodePortTakenError` and change nothing.

        Open connections of a port that moves or is removed stay open.
        """
        fresh: dict[int, socket.socket] = {}
        try:
            numbers = self._numbers(ports, others, fresh)
        except NodePortTakenError:
            for sock in fresh.values():
                sock.close()
            raise
        for number, sock in fresh.items():
            self.listeners[number] = await listen(sock)
        for number in self.listeners.keys() - set(numbers.values()):
            self.listeners.pop(number).retire()
        self.numbers = numbers
        self._requested = {port["port"]: port.get("nodePort") for port in ports}

    def close(self) -> None:
        """Stop listening, and end every connection."""
        for listener in self.listeners.values():
            listener.close()

    def _numbers(
        self, ports: list[Object], others: Collection[int], fresh: dict[int, socket.socket]
    ) -> dict[int, int]:
        """Return the node port of each port; `fresh` receives the newly bound sockets."""
        numbers: dict[int, int] = {}
        for index, port in enumerate(ports):
            number = self._current(port) or self._bind(port, others, fresh)
            if number is None or number in numbers.values():
                raise NodePortTakenError(index, port.get("nodePort", NODE_PORTS.start))
            numbers[port["port"]] = number
        return numbers

    def _current(self, port: Object) -> int | None:
        """Return the node port that already listens and still fits."""
        current, wanted = self.numbers.get(port["port"]), port.get("nodePort")
        if current is not None and wanted in {None, current, self._requested.get(port["port"])}:
            return current
        return wanted if wanted in self.listeners else None

    def _bind(
        self, port: Object, others: Collection[int], fresh: dict[int, socket.socket]
    ) -> int | None:
        """Bind the requested port, or for a new port of the Service the next free one."""
        wanted = port.get("nodePort", NODE_PORTS.start)
        if port["port"] in self.numbers:
            candidates = range(wanted, wanted + 1)
        else:
            candidates = range(wanted, NODE_PORTS.stop)
        if "nodePort" in port and wanted in others:
            return None
        for number in candidates:
            if number not in self.listeners and number not in fresh:
                with suppress(OSError):
                    fresh[number] = listening_socket(HOST, number)
                    return number
        return None
