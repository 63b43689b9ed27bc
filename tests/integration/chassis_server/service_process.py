"""A sample service as a real process, with helpers for tests."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from eventually import PATIENCE_S

_SAMPLE = Path(__file__).with_name("sample_service.py")
OPEN = (
    "--server.address=127.0.0.1",
    "--server.port=0",
    "--discovery.mode=static",
    "--discovery.table=/dev/null",
    "--security.path.ignores=/**",
)


@dataclass
class ServiceProcess:
    process: "subprocess.Popen[str]"
    lines: list[dict[str, Any]] = field(default_factory=list)
    open: ExitStack = field(default_factory=ExitStack)

    def until(self, message: str) -> dict[str, Any]:
        """Read log lines up to one with this message. Fails if the output ends before."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            line: dict[str, Any] = json.loads(text)
            self.lines.append(line)
            if line["message"] == message:
                return line
        raise AssertionError(f"no line {message!r} in {self.lines}")

    def started(self) -> None:
        line = self.until("started")
        self.api, self.management = _address(line["address"]), _address(line["management"])

    def connect(self) -> http.client.HTTPConnection:
        """Return a keep-alive connection, which is closed with the service."""
        return self.open.enter_context(
            closing(http.client.HTTPConnection(*self.api, timeout=PATIENCE_S))
        )

    def get(self, path: str) -> http.client.HTTPResponse:
        return _get(self.api, path)

    def probe(self, path: str) -> int:
        return _get(self.management, path).status

    def socket(self) -> socket.socket:
        return socket.create_connection(self.api, timeout=PATIENCE_S)

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """Wait for the exit, store the log lines, and return the exit code."""
        out, _ = self.process.communicate(timeout=PATIENCE_S)
        self.lines += [json.loads(text) for text in out.splitlines()]
        return self.process.returncode

    def messages(self) -> list[str]:
        return [str(line["message"]) for line in self.lines]


@contextmanager
def sample_service(*flags: str, config: Path | None = None) -> Iterator[ServiceProcess]:
    """Run the sample with a test's settings, on ports chosen by the system."""
    with spawn(*OPEN, *flags, config=config) as process:
        service = ServiceProcess(process)
        with service.open:
            service.started()
            yield service


@contextmanager
def spawn(
    *flags: str,
    config: Path | None = None,
    command: Sequence[str] = (str(_SAMPLE),),
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Iterator["subprocess.Popen[str]"]:
    """Run the sample, or another command of this Python. It ends with the block."""
    missing = "/nonexistent"
    mounts = {"CONFIG_DIR": str(config or missing), "SECRETS_DIR": missing}
    with subprocess.Popen(
        [sys.executable, *command, *flags],
        env={**os.environ, **mounts, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _get(address: tuple[str, int], path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE_S)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response
