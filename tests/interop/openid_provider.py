"""Replicas of cas-server behind one address, as a Service has them, with one Redis."""

import itertools
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from cas_server.passwords.hashing import hash_generated, hash_password
from chassis.testing.service_process import ServiceProcess
from integration.cas_server.cas_process import cas_process
from redis_process import redis_port, store
from signing_keys import OLD, key_file

CALLBACK = "https://client.example/callback"
LOGGED_OUT = "https://client.example/logged-out"
SECRET, OTHER_SECRET = "s" * 43, "o" * 43
PASSWORD = "correct horse battery staple"
USER = {
    "authorities": ["ROLE_USER"],
    "name": "Alice Example",
    "email": "alice@example.com",
    "email-verified": True,
}
CLIENT: dict[str, Any] = {
    "authorized-grant-types": ["authorization_code", "refresh_token"],
    "redirect-uris": [CALLBACK],
    "post-logout-redirect-uris": [LOGGED_OUT],
    "scope": ["openid", "profile", "email", "read"],
    "resource-ids": ["orders"],
    "require-pkce": False,
}


@dataclass
class Provider:
    """An issuer, the replicas behind it, and the port of their Redis."""

    issuer: str
    redis: int
    balancer: "Balancer"
    start: Callable[[], ServiceProcess]
    replicas: list[ServiceProcess] = field(default_factory=list)

    def kill_one(self) -> None:
        """End a replica as a node does that fails: without a word."""
        self.replicas.pop(0).kill()

    def kill_at(self, connection: int) -> None:
        """Kill a replica when so many more connections have come, before the last of them."""
        self.balancer.at(connection, self.kill_one)

    def complete(self, number: int) -> None:
        """Start replicas until there are so many."""
        self.balancer.at(0, None)
        while len(self.replicas) < number:
            self.replicas.append(self.start())
        self.balancer.targets = [_address(one.url) for one in self.replicas]


def identities(clients: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return two clients as the plans of the OpenID Foundation need, those given, and a user."""
    return {
        "clients": {
            "client": {**CLIENT, "client-secret": hash_generated(SECRET)},
            "client2": {**CLIENT, "client-secret": hash_generated(OTHER_SECRET)},
            **(clients or {}),
        },
        "users": {
            "alice": {"password": hash_password(PASSWORD), **USER},
            "bob": {"password": hash_password(PASSWORD)},
        },
        "signing-keys": _keys(),
    }


def _keys() -> Mapping[str, str]:
    files = {**key_file(OLD, "RS256"), **key_file(OLD)}
    return {name.removeprefix("signing-keys."): text for name, text in files.items()}


@contextmanager
def provider(
    directory: Path, registered: dict[str, Any], *, replicas: int = 3
) -> Iterator[Provider]:
    """Run replicas during the block."""
    (directory / "redis").mkdir()
    with ExitStack() as stack:
        redis = stack.enter_context(redis_port(directory / "redis"))
        balancer, numbers = stack.enter_context(Balancer()), itertools.count()
        registered["issuer"] = balancer.url

        def start() -> ServiceProcess:
            own = directory / f"replica-{next(numbers)}"
            own.mkdir()
            return stack.enter_context(cas_process(own, registered, store(redis)))

        found = Provider(balancer.url, redis, balancer, start)
        found.complete(replicas)
        yield found


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)


class Balancer(socketserver.ThreadingTCPServer):
    """Sends each connection to the next replica that takes it, as kube-proxy does."""

    allow_reuse_address, daemon_threads = True, True
    targets: Sequence[tuple[str, int]] = ()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self._turns = itertools.count()
        self._left, self._then = 0, _nothing
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def at(self, connection: int, then: Callable[[], None] | None) -> None:
        """Call `then` when so many more connections have come, before the last of them."""
        with self._lock:
            self._left, self._then = connection, then or _nothing

    def connect(self) -> socket.socket:
        """Return a connection to the next replica that listens."""
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._then()
        first = next(self._turns)
        for turn in range(len(self.targets)):
            try:
                return socket.create_connection(self.targets[(first + turn) % len(self.targets)])
            except ConnectionRefusedError:
                continue
        raise ConnectionRefusedError("no replica listens")


class _Connection(socketserver.BaseRequestHandler):
    """One connection, copied both ways until either end closes it."""

    server: Balancer

    def handle(self) -> None:
        with self.server.connect() as replica:
            back = threading.Thread(target=_copy, args=(replica, self.request), daemon=True)
            back.start()
            _copy(self.request, replica)
            back.join()


def _nothing() -> None:
    """Do nothing."""


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
