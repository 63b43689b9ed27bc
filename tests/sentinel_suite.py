"""Three Redis servers and three Sentinels on loopback, as the component redis-sentinel starts them.

They use the component's scripts. Each server is a process with a separate address, so that the
ports are the real ones.
"""

import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from eventually import PATIENCE_S, poll
from localkube.redis_server import find

T = TypeVar("T")

SCRIPTS = Path(__file__).parents[1] / "k8s/components/redis-sentinel"
PORTS = {"redis": 6379, "sentinel": 26379}


class Server:
    """One server. Its data survive it, like a volume."""

    def __init__(self, suite: "SentinelSuite", kind: str, ordinal: int) -> None:
        self._suite, self._kind, self._ordinal = suite, kind, ordinal
        self.address = suite.addresses(kind)[ordinal]
        self.port = PORTS[kind]
        self.directory = suite.directory / f"{kind}-{ordinal}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it by its script. `log` has its output."""
        shutil.rmtree(self.directory / "run", ignore_errors=True)
        for name in ("data", "run"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", SCRIPTS / f"start-{self._kind}.sh"],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, script: str) -> int:
        """Run another script of the component in its environment; return the exit code."""
        return subprocess.run(
            ["/bin/sh", SCRIPTS / script], env=self.environment, check=False, timeout=PATIENCE_S
        ).returncode

    def kill(self) -> None:
        """Kill it with its children."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def terminate(self) -> int:
        """Send SIGTERM, and return the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Wait until it exits by itself, and return the exit code."""
        assert self._process is not None
        return self._process.wait(PATIENCE_S)

    def pause(self) -> None:
        """Keep its connections open without responding, as in a network partition."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Delete the volume."""
        shutil.rmtree(self.directory / "data")

    def out_of_sync_since(self, seconds: float) -> None:
        """Set the time of its last sync on its volume to so many seconds ago."""
        mark = self.directory / "data/in-sync"
        then = mark.stat().st_mtime - seconds
        os.utime(mark, (then, then))

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()

    def client(self, user: str | None = "sentinel") -> Redis:
        """Open a connection as one of the users, or without authentication."""
        return Redis(
            self.address,
            self.port,
            username=user,
            password=self._suite.passwords.get(f"{user}-password"),
            decode_responses=True,
            socket_timeout=2,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 0),
        )

    def role(self) -> str:
        """Return `master` or `slave`, or an empty string if it does not respond."""
        with self.client() as client:
            try:
                return str(client.role()[0])
            except RedisError:
                return ""

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "PATH": f"{find().parent}:{find('redis-cli').parent}:/usr/bin:/bin",
            "NODES": " ".join(self._suite.addresses("redis")),
            "SENTINELS": " ".join(self._suite.addresses("sentinel")),
            "ORDINAL": str(self._ordinal),
            "LISTEN": self.address,
            "SCRIPTS": str(SCRIPTS),
            "SECRETS_DIR": str(self._suite.directory / "secrets"),
            "DATA": str(self.directory / "data"),
            "RUN": str(self.directory / "run"),
        }


class SentinelSuite:
    """All six servers."""

    def __init__(
        self, directory: Path, network: str, passwords: Mapping[str, str] | None = None
    ) -> None:
        self.directory, self._network = directory, network
        names = ("cas-server", "replication", "sentinel")
        generated = {f"{name}-password": secrets.token_urlsafe(32) for name in names}
        self.passwords = {**generated, **(passwords or {})}
        (directory / "secrets").mkdir(parents=True)
        for name, password in self.passwords.items():
            (directory / "secrets" / name).write_text(password)
        self.redis = [Server(self, "redis", n) for n in range(3)]
        self.sentinels = [Server(self, "sentinel", n) for n in range(3)]

    def revive(self) -> None:
        """Start stopped servers, and resume paused ones."""
        for server in self.servers:
            if server.is_running:
                server.resume()
            else:
                server.start()

    def addresses(self, kind: str) -> Sequence[str]:
        first = {"redis": 1, "sentinel": 11}[kind]
        return [f"{self._network}.{first + n}" for n in range(3)]

    @property
    def servers(self) -> Sequence[Server]:
        return [*self.sentinels, *self.redis]

    def start(self) -> None:
        """Start all, and wait until writes are accepted."""
        for server in self.servers:
            server.start()
        self.wait_complete()

    def stop(self) -> None:
        for server in self.servers:
            server.kill()

    def named(self) -> str | None:
        """Return the primary's address according to most Sentinels."""
        named = [self._named_by(sentinel) for sentinel in self.sentinels]
        return next((address for address in named if address and named.count(address) > 1), None)

    def primary(self) -> Server:
        """Wait until the Sentinels agree on a primary with that role."""

        def agreed() -> Server | None:
            named = self.named()
            return next(
                (s for s in self.redis if s.address == named and s.role() == "master"), None
            )

        return eventually(agreed, "a primary")

    def wait_complete(self) -> Server:
        """Wait until the primary has both replicas, and every Sentinel sees them as healthy."""

        def complete() -> Server | None:
            primary = self.primary()
            self.probe()
            with primary.client() as client:
                good = client.info("replication")["min_slaves_good_slaves"]
            known = [self._good_replicas(sentinel) for sentinel in self.sentinels]
            return primary if good == 2 and known == [2, 2, 2] else None

        return eventually(complete, "two replicas")

    def _named_by(self, sentinel: Server) -> str | None:
        with sentinel.client() as client:
            try:
                return str(client.execute_command("SENTINEL GET-MASTER-ADDR-BY-NAME", "suite")[0])
            except (RedisError, TypeError):
                return None

    def probe(self) -> None:
        """Run the readiness probe of every Redis, as kubelet does."""
        for server in self.redis:
            server.run("ready-redis.sh")

    def _good_replicas(self, sentinel: Server) -> int:
        """Return the number of replicas that a Sentinel could promote."""
        with sentinel.client() as client:
            known = client.execute_command("SENTINEL REPLICAS", "suite")
        return sum(int(replica["slave-priority"]) > 0 for replica in known)


def eventually(look: Callable[[], T | None], what: str) -> T:
    """Poll `look`, and return its first true result. An unreachable server counts as false."""

    def ask() -> T | None:
        with suppress(RedisError):
            return look()
        return None

    return poll(ask, what)


@contextmanager
def sentinel_suite(directory: Path, **passwords: str) -> Iterator[SentinelSuite]:
    """Run the six servers during the block; passwords that are not given are generated."""
    given = {f"{name.replace('_', '-')}-password": value for name, value in passwords.items()}
    suite = SentinelSuite(directory, _free_network(), given)
    try:
        suite.start()
        yield suite
    finally:
        suite.stop()


def _free_network() -> str:
    """Return a prefix of unused loopback addresses."""
    while True:
        network = f"127.{random.randint(64, 127)}.{random.randint(1, 254)}"  # noqa: S311 - not a secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind((f"{network}.1", PORTS["redis"]))
            return network
