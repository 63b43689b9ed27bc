"""The processes under measurement: Redis, cas-server, and a resource service, one worker each."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import yaml
from redis import Redis

from bench.row import Row
from cas_server.identities.demo_identities import DEMO_SECRETS
from eventually import poll
from localkube.redis_server import find
from suitectl.catalogue import LIVE_PATH, NODE_PORT, apis, services
from suitectl.catalogue import Service as CataloguedService

if TYPE_CHECKING:
    from bench.contest import Played


def _measured(name: str | None) -> CataloguedService:
    """Return a resource service by name, by default one on the chassis, reached from outside."""
    if name and name not in (known := [one.name for one in apis()]):
        sys.exit(f"bench: SERVICE={name}: no such resource service; there are: {', '.join(known)}")
    if name:
        return services()[name]
    return min(apis(), key=lambda one: (one.language, NODE_PORT not in _labels(one)))


def _labels(service: CataloguedService) -> Mapping[str, str]:
    return dict(service.main["metadata"].get("labels", {}))


_MEASURED = _measured(os.environ.get("BENCH_SERVICE"))
SERVICE = _MEASURED.name
"""The resource service under measurement."""
OPEN_PATH = _MEASURED.annotation(LIVE_PATH, "/greeting")
"""A path of it whose response has a setting."""
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
READY_S = 30
_PROBE_S = 0.005


@dataclass(frozen=True, slots=True)
class Service:
    """A running service process; `start_s` is the time from its start until it was ready."""

    pid: int
    url: str
    management: str
    start_s: float


@dataclass(frozen=True, slots=True)
class Setup:
    """What a stack has beyond the demo: environment and files of cas-server, a replica of Redis."""

    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    replicated: bool = False
    """As in production: Redis appends to a file, and a replica acknowledges each write."""


class Stack:
    """Starts the processes that rows measure, and ends them with itself."""

    def __init__(self, directory: Path, processes: ExitStack, setup: Setup = Setup()) -> None:
        self.directory, self._setup = directory, setup
        self._processes = processes
        self.wanted: Sequence[Row] = ()
        """The rows that are measured."""
        self.say: Callable[[str], None] = _say_nothing
        """Tells what is measured right now."""
        self.contests: dict[tuple[str, int], Played] = {}
        """What was measured in contests, by their names and connections."""
        self.redis_port = free_port()
        self._discovery = directory / "discovery.json"
        self.redis_pid = self._redis()
        self.cas = self._cas()

    def service(self, name: str, **environment: str) -> Service:
        """Start a service with its manifests' configuration and more environment variables."""
        return self._processes.enter_context(self.running(name, environment))

    @contextmanager
    def running(self, name: str, environment: Mapping[str, str]) -> Iterator[Service]:
        """Run a service during the block, and wait until it is ready."""
        port, management = free_port(), free_port()
        command = [
            str(BIN / name),
            "--server.address=127.0.0.1",
            f"--server.port={port}",
            f"--management.server.port={management}",
        ]
        complete = self._environment(name, environment)
        began = time.perf_counter()
        with _process(command, complete) as process:
            url, probes = (f"http://127.0.0.1:{each}" for each in (port, management))
            await_ready(process, probes)
            yield Service(process.pid, url, probes, time.perf_counter() - began)

    @contextmanager
    def peer(
        self, command: Callable[[int], Sequence[str]], environment: Mapping[str, str]
    ) -> Iterator[Service]:
        """Run a server of others, on a port that its command names, during the block."""
        port, log = free_port(), self.directory / "peer.log"
        url = f"http://127.0.0.1:{port}"
        began = time.perf_counter()
        with log.open("wb") as stderr, _process(command(port), environment, stderr) as process:
            try:
                await_port(port, process)
            except RuntimeError as error:
                raise RuntimeError(f"{error}: {log.read_text().strip()[-200:]}") from None
            yield Service(process.pid, url, url, time.perf_counter() - began)

    def tokens(self, count: int) -> list[str]:
        """Issue distinct access tokens for the resource service's own client."""
        return [issued_token(f"{self.cas.url}/oauth/token") for _ in range(count)]

    def _redis(self) -> int:
        """Start Redis, and its replica if there is to be one; return the primary's process id."""
        as_in_production = ("--appendonly", "yes", "--repl-diskless-sync-delay", "0")
        more = as_in_production if self._setup.replicated else ()
        primary = self._redis_server(self.redis_port, "--dir", str(self.directory), *more)
        if self._setup.replicated:
            directory = self.directory / "replica"
            directory.mkdir()
            of = ("--replicaof", "127.0.0.1", str(self.redis_port))
            self._redis_server(free_port(), "--dir", str(directory), *of)
            poll(self._is_replicated, "the replica of Redis to be in sync")
        return primary

    def _is_replicated(self) -> bool:
        with Redis(port=self.redis_port) as redis:
            return bool(redis.info("replication").get("slave0", {}).get("state") == "online")

    def _redis_server(self, port: int, *options: str) -> int:
        command = [str(find()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", *options]
        process = self._processes.enter_context(_process(command, os.environ))
        await_port(port, process)
        return process.pid

    def replica(self) -> Service:
        """Start another replica of cas-server on the same Redis."""
        return self.service("cas-server", **self.cas_environment())

    def cas_environment(self) -> Mapping[str, str]:
        """Return what a replica of cas-server needs beyond its manifests' configuration."""
        redis = {"HOST": "127.0.0.1", "PORT": str(self.redis_port)}
        return {
            **{f"SPRING__DATA__REDIS__{key}": value for key, value in redis.items()},
            # The rows issue more tokens than a client may have, and later check the first ones.
            "CAS_SERVER__MAX_TOKENS_PER_CLIENT": "100000000",
            "CAS_SERVER__ACCESS_TOKEN_VALIDITY": "10h",
            **self._setup.environment,
        }

    def _cas(self) -> Service:
        cas = self.replica()
        address = cas.url.removeprefix("http://")
        table = {f"cas-server-service.system-server:{port}": address for port in (80, 2000)}
        self._discovery.write_text(json.dumps(table))
        return cas

    def _environment(self, name: str, changed: Mapping[str, str]) -> dict[str, str]:
        config, secrets = self.directory / f"{name}-config", self.directory / f"{name}-secrets"
        _write_mounts(name, config, secrets)
        if name == "cas-server":
            _write(secrets, self._setup.secrets)
        return {
            "PATH": os.environ["PATH"],
            "PROFILES_ACTIVE": "dev",
            "POD_NAMESPACE": "system-server",
            "CONFIG_DIR": str(config),
            "SECRETS_DIR": str(secrets),
            "DISCOVERY__MODE": "static",
            "DISCOVERY__TABLE": str(self._discovery),
            **changed,
        }


@contextmanager
def _process(
    command: Sequence[str], environment: Mapping[str, str], stderr: IO[bytes] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _say_nothing(_: str) -> None:
    """Show no progress."""


def _write_mounts(name: str, config: Path, secrets: Path) -> None:
    """Write a service's ConfigMaps and Secrets as files, like a mount."""
    for path in (ROOT / "k8s/base" / name).glob("*.yaml"):
        for document in yaml.safe_load_all(path.read_text()):
            if document and document["kind"] == "ConfigMap":
                _write(config, document["data"])
            if document and document["kind"] == "Secret":
                _write(secrets, document["stringData"])


def _write(directory: Path, files: Mapping[str, Any]) -> None:
    directory.mkdir(exist_ok=True)
    for key, value in files.items():
        (directory / key).write_text(value)


def issued_token(url: str, authorization: str = "") -> str:
    """Return a client's own token from a token endpoint, by default the resource service's."""
    headers = {"Authorization": authorization or basic(SERVICE)}
    request = urllib.request.Request(url, b"grant_type=client_credentials", headers)
    with urllib.request.urlopen(request, timeout=5) as response:
        return str(json.load(response)["access_token"])


def basic(client: str, secret: str = "") -> str:
    """Return the Authorization header of a client, by default with its demo secret."""
    secret = secret or DEMO_SECRETS[client]
    return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()


def free_port() -> int:
    """Return a port that is currently free on loopback."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def await_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a process accepts connections at the port. Raises if it exits first."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        _must_run(process)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port}")


def await_ready(process: subprocess.Popen[bytes], management: str) -> None:
    """Wait until a service is ready, at its management address. Raises if it exits first."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        _must_run(process)
        try:
            urllib.request.urlopen(f"{management}/readyz", timeout=1).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(_PROBE_S)
        else:
            return
    raise TimeoutError(f"{process.args!r} is not ready after {READY_S} s")


def _must_run(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        raise RuntimeError(f"{process.args!r} ended with exit code {process.returncode}")
