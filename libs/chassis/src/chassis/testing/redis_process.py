"""A real Redis for tests: a process, or a container of the image in REDIS_IMAGE."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from chassis.testing.installed import redis_server

_PATIENCE_S = 60.0
_POLL_S = 0.01
_PORTS = 10
"""Tries to start on a free port, which another process may take meanwhile."""


class RedisProcess:
    """A redis-server on a free loopback port that can be paused, killed and started again."""

    def __init__(
        self, directory: Path, *options: str, users: str | None = None, password: str = ""
    ) -> None:
        """Take the text of an ACL file, and the password of the user `default`."""
        users_file = _written(directory, users or default_user(password))
        paths = ("--dir", str(directory), "--aclfile", str(users_file))
        self._options = ("--bind", "127.0.0.1", *paths, "--save", "", *options)
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start, on the same port as before; raise `NotInstalledError` or `RuntimeError`."""
        command = redis_server()
        for _ in range(_PORTS):
            port = self.port or free_port()
            if self._started([*command, "--port", str(port)], port):
                self.port = port
                return
        raise RuntimeError(f"redis-server does not start: {' '.join(self._options)}")

    def stop(self) -> None:
        """Kill the process, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Keep the port open without responding."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Respond again."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _started(self, command: Sequence[str], port: int) -> bool:
        self._process = subprocess.Popen(  # noqa: S603 - the program was looked up
            [*command, *self._options], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _PATIENCE_S
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._responds(port, self._process.pid):
                return True
            time.sleep(_POLL_S)
        self.stop()
        return False

    def _responds(self, port: int, pid: int) -> bool:
        """Return whether this process has the port, not another one that was faster."""
        login = f"AUTH {self._password}\r\n" if self._password else ""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as probe:
            probe.sendall(f"{login}INFO server\r\nQUIT\r\n".encode())
            reply = b"".join(iter(lambda: probe.recv(4096), b""))
            return f"process_id:{pid}\r\n".encode() in reply
        return False


@contextlib.contextmanager
def redis_port(directory: Path, *, users: str | None = None, password: str = "") -> Iterator[int]:
    """Run a Redis during the block; the parameters are those of `RedisProcess`."""
    image = os.environ.get("REDIS_IMAGE")
    if image is None:
        with RedisProcess(directory, users=users, password=password) as redis:
            yield redis.port
        return
    from testcontainers.community.redis import RedisContainer  # noqa: PLC0415 - only for images

    file = _written(directory, users or default_user(password))
    known = RedisContainer(image, password=password or None)
    known = known.with_volume_mapping(str(file), "/users.acl")
    with known.with_command("redis-server --aclfile /users.acl") as container:
        yield int(container.get_exposed_port(6379))


def default_user(password: str = "") -> str:
    """Return the ACL of a user `default` with all permissions."""
    return f"user default on {f'>{password}' if password else 'nopass'} ~* &* +@all\n"


def _written(directory: Path, users: str) -> Path:
    file = directory / "users.acl"
    file.write_text(users)
    return file


def free_port() -> int:
    """Return a port that is free on loopback now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
