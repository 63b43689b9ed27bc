"""A localkube for tests: small servers as images, manifests as text, separate state."""

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventually import PATIENCE_S

SERVER = """
import asyncio, os, signal, socket, sys
from pathlib import Path

IP, PORT = sys.argv[1], int(sys.argv[2])
STATE = {"ready": True, "live": True, "draining": False}

def response(path, peer):
    if path == "/livez": return (200 if STATE["live"] else 500), "live"
    if path == "/readyz": return (200 if STATE["ready"] and not STATE["draining"] else 503), "ready"
    if path == "/unready": STATE["ready"] = False
    if path == "/die": STATE["live"] = False
    if path == "/crash": os.kill(os.getpid(), signal.SIGKILL)
    if path == "/peer": return 200, peer
    if path.startswith("/env/"): return 200, os.environ.get(path[5:], "<unset>")
    if path == "/environ": return 200, "\\n".join(f"{k}={v}" for k, v in os.environ.items())
    if path == "/argv": return 200, " ".join(sys.argv[3:])
    if path == "/config": return 200, Path(os.environ["CONFIG_DIR"], "application.yaml").read_text()
    return 200, os.environ.get("POD_NAME", "?")

async def serve(reader, writer):
    try:
        while head := await reader.readuntil(b"\\r\\n\\r\\n"):
            status, body = response(head.split()[1].decode(), writer.get_extra_info("peername")[0])
            await asyncio.sleep(float(os.environ.get("SLOW", "0")))
            close = STATE["draining"] or b"connection: close" in head.lower()
            writer.write(f"HTTP/1.1 {status} X\\r\\nContent-Length: {len(body)}\\r\\n".encode()
                + (b"Connection: close\\r\\n" if close else b"") + b"\\r\\n")
            writer.write(body.encode())
            await writer.drain()
            if close: break
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        writer.close()

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(serve, IP, PORT)
    print("listening", os.environ.get("POD_NAME"), flush=True)
    await stop.wait()
    print("draining", flush=True)
    STATE["draining"] = True
    await asyncio.sleep(float(os.environ.get("DRAIN", "0")))
    server.close()
    await asyncio.sleep(0.1)
    os._exit(0)

asyncio.run(main())
"""

IMAGES = """
images:
  web: {{command: [{python}, {server}, "{{ip}}", "{{port}}"]}}
  crash: {{command: [{python}, -c, "print('cannot go on'); raise SystemExit(7)"]}}
  sleep: {{command: [sleep, "1000"]}}
"""


def deployment(
    name: str = "web",
    *,
    replicas: int = 1,
    image: str = "web:1",
    container: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
    pod: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Build a Deployment of the test server, with a test's additions."""
    base = {
        "name": name,
        "image": image,
        "ports": [{"name": "http", "containerPort": 8000}],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        "readinessProbe": {
            "httpGet": {"path": "/readyz", "port": "http"},
            "periodSeconds": 1,
            "timeoutSeconds": 60,
        },
    }
    extra = container or {}
    merged = {**base, **extra, "env": [*base["env"], *extra.get("env", [])]}
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [merged], "terminationGracePeriodSeconds": 5, **(pod or {})},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
            **(spec or {}),
        },
    }


def service(name: str = "web", *, port: int = 9000, **spec: Any) -> dict[str, Any]:
    """Build a Service of the pods with the same `app` label."""
    ports = [{"name": "http", "port": port, "targetPort": "http"}]
    body = {"selector": {"app": name}, "ports": ports, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": body}


@dataclass(frozen=True, slots=True)
class Result:
    """The output and exit code of a command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Localkube:
    """The localkube command with a test's state directory and manifests."""

    directory: Path

    @property
    def state(self) -> Path:
        return self.directory / "state"

    @property
    def manifests(self) -> Path:
        return self.directory / "manifests"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "localkube", "--state", str(self.state), *arguments]

    def environment(self, **extra: str) -> dict[str, str]:
        return {**os.environ, "NO_COLOR": "1", **extra}

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> Result:
        done = subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * PATIENCE_S,
            env=self.environment(**environment),
            cwd=self.directory,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str, stdin: str = "", **environment: str) -> str:
        result = self.run(*arguments, stdin=stdin, **environment)
        assert result.code == 0, result.err
        return result.out

    def write(self, *documents: Any) -> None:
        self.manifests.mkdir(exist_ok=True)
        text = "\n---\n".join(d if isinstance(d, str) else json.dumps(d) for d in documents)
        (self.manifests / "all.yaml").write_text(textwrap.dedent(text))

    def up_arguments(self, *more: str) -> list[str]:
        config = str(self.directory / "localkube.yaml")
        return [
            "up",
            str(self.manifests),
            "--config",
            config,
            "--timeout",
            f"{PATIENCE_S:g}",
            *more,
        ]

    def up(self, *documents: Any, options: tuple[str, ...] = (), **environment: str) -> Result:
        self.write(*documents)
        return self.run(*self.up_arguments(*options), **environment)

    def objects(self, *arguments: str) -> list[dict[str, Any]]:
        found = json.loads(self.ok("get", *arguments, "-o", "json"))
        return list(found["items"]) if found["kind"] == "List" else [found]

    def pods(self, *arguments: str) -> list[dict[str, Any]]:
        return self.objects("pods", *arguments)

    def address(self, name: str = "web", port: int = 9000) -> str:
        return str(self.objects("service", name)[0]["status"]["addresses"][str(port)])

    def fetch(self, path: str = "/", name: str = "web", port: int = 9000) -> str:
        return fetch(f"http://{self.address(name, port)}{path}")


def fetch(url: str) -> str:
    """Get a URL over a new connection."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:  # loopback
        return str(response.read().decode())


def pid_of(pod: dict[str, Any]) -> int:
    """Return the process of a pod's first container."""
    return int(pod["status"]["containerStatuses"][0]["containerID"].removeprefix("process://"))


def is_alive(pid: int) -> bool:
    """Return whether a process runs. A zombie does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def processes_of(state: Path) -> list[int]:
    """Return every process whose command line or environment names a state directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(state).encode() in text and is_alive(int(entry.name)):
            found.append(int(entry.name))
    return found


def command_of(pid: int) -> str:
    """Return a process's command line."""
    return Path(f"/proc/{pid}/cmdline").read_text()


@dataclass(slots=True)
class Load:
    """Continuous requests over keep-alive and over fresh connections."""

    sent: int = 0
    failures: list[str] | None = None

    async def run(self, address: str, stop: asyncio.Event) -> None:
        self.failures = []
        async with asyncio.TaskGroup() as group:
            for number in range(6):
                group.create_task(self._worker(address, stop, keep=number % 2 == 0))

    async def _worker(self, address: str, stop: asyncio.Event, *, keep: bool) -> None:
        ip, port = address.split(":")
        assert self.failures is not None
        while not stop.is_set():
            try:
                reader, writer = await asyncio.open_connection(ip, int(port))
                await self._requests(reader, writer, stop, keep=keep)
                writer.close()
            except (OSError, asyncio.IncompleteReadError) as error:
                self.failures.append(repr(error))

    async def _requests(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        stop: asyncio.Event,
        *,
        keep: bool,
    ) -> None:
        closing = False
        while not closing and not stop.is_set():
            closing = not keep
            connection = "close" if closing else "keep-alive"
            writer.write(f"GET / HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split()[0])
            await reader.readexactly(length)
            closing = closing or b"connection: close" in head.lower()
            self.sent += 1
            await asyncio.sleep(0.005)
