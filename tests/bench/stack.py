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
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cas_server.identities.demo_identities import DEMO_SECRETS
from localkube.redis_server import find
from suitectl.catalogue import called_service

SERVICE = called_service(None).name
"""The resource service under measurement."""
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
READY_S = 30


@dataclass(frozen=True, slots=True)
class Service:
    """A running service process."""

    pid: int
    url: str
    management: str


class Stack:
    """Starts the processes that rows measure, and ends them with itself."""

    def __init__(self, directory: Path, processes: ExitStack) -> None:
        self.directory = directory
        self._processes = processes
        self.redis_port = free_port()
        self._discovery = directory / "discovery.json"
        self._redis()
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
        process = subprocess.Popen(
            command, env=self._environment(name, environment), stdout=subprocess.DEVNULL
        )
        service = Service(process.pid, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{management}")
        try:
            await_ready(process, service)
            yield service
        finally:
            process.kill()
            process.wait()

    def tokens(self, count: int) -> list[str]:
        """Issue distinct access tokens for the resource service's own client."""
        return [self._token() for _ in range(count)]

    def _token(self) -> str:
        data = b"grant_type=client_credentials"
        headers = {"Authorization": basic(SERVICE)}
        request = urllib.request.Request(f"{self.cas.url}/oauth/token", data, headers)
        with urllib.request.urlopen(request, timeout=5) as response:
            return str(json.load(response)["access_token"])

    def _redis(self) -> None:
        command = [str(find()), "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""]
        process = subprocess.Popen(
            [*command, "--dir", str(self.directory)], stdout=subprocess.DEVNULL
        )
        self._processes.callback(process.wait)
        self._processes.callback(process.kill)
        await_port(self.redis_port)

    def _cas(self) -> Service:
        redis = {"HOST": "127.0.0.1", "PORT": str(self.redis_port)}
        environment = {f"SPRING__DATA__REDIS__{key}": value for key, value in redis.items()}
        # The rows issue more tokens than a client may have, and later check the first ones.
        environment["CAS_SERVER__MAX_TOKENS_PER_CLIENT"] = "100000000"
        cas = self.service("cas-server", **environment)
        address = cas.url.removeprefix("http://")
        table = {f"cas-server-service.system-server:{port}": address for port in (80, 2000)}
        self._discovery.write_text(json.dumps(table))
        return cas

    def _environment(self, name: str, changed: Mapping[str, str]) -> dict[str, str]:
        config, secrets = self.directory / f"{name}-config", self.directory / f"{name}-secrets"
        _write_mounts(name, config, secrets)
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


def basic(client: str) -> str:
    """Return the Authorization header of a demo client."""
    return "Basic " + base64.b64encode(f"{client}:{DEMO_SECRETS[client]}".encode()).decode()


def free_port() -> int:
    """Return a port that is currently free on loopback."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def await_port(port: int) -> None:
    """Wait until the port accepts connections."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port}")


def await_ready(process: subprocess.Popen[bytes], service: Service) -> None:
    """Wait until the service is ready. Raises if it exits first."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with exit code {process.returncode}")
        try:
            urllib.request.urlopen(f"{service.management}/readyz", timeout=1).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.01)
        else:
            return
    raise TimeoutError(f"{process.args!r} is not ready after {READY_S} s")
