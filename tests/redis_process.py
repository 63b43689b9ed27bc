"""A real Redis for tests: a process, or a container of the image in REDIS_IMAGE."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testcontainers.community.redis import RedisContainer

from eventually import poll
from localkube.redis_server import find
from suitectl.secrets.dev import users_acl

_PASSWORD = "password-of-cas-server"
AS_CAS_SERVER = {
    "spring.data.redis.username": "cas-server",
    "spring.data.redis.password": _PASSWORD,
}
"""The settings by which cas-server connects with the ACL of a deployment."""
PATIENT = {"spring.data.redis.timeout": "30s"}
"""For tests in which Redis responds, even on a busy machine."""
_TEST = "user default on nopass ~* &* +@all"
"""The user of tests, with all permissions."""


class RedisProcess:
    """A redis-server on a free loopback port that can be paused, killed and restarted."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._directory)]
        keep = ["--save", "", "--appendonly", "yes"]
        users = ["--aclfile", str(_users(self._directory))]
        command = [str(find()), *options, *keep, *users]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        poll(self._responds, "redis-server")

    def stop(self) -> None:
        if self._process is not None:
            self.resume()
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Keep the port open without responding."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _responds(self) -> bool:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
            probe.sendall(b"PING\r\n")
            return probe.recv(64).startswith(b"+PONG")


@contextmanager
def redis_port(directory: Path) -> Iterator[int]:
    """Run a Redis during the block: a container if REDIS_IMAGE is set, else a process."""
    if image := os.environ.get("REDIS_IMAGE"):
        known = RedisContainer(image).with_volume_mapping(str(_users(directory)), "/users.acl")
        with known.with_command("redis-server --aclfile /users.acl") as container:
            yield int(container.get_exposed_port(6379))
        return
    redis = RedisProcess(directory)
    redis.start()
    try:
        yield redis.port
    finally:
        redis.stop()


def _users(directory: Path) -> Path:
    """Write the ACL file. cas-server has the permissions of every deployment."""
    file = directory / "users.acl"
    _, cas_server = users_acl(_PASSWORD).splitlines()
    file.write_text(f"{_TEST}\n{cas_server}\n")
    return file


def free_port() -> int:
    """Return a port that is currently free on loopback."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
