"""Spring applications of `spring/`, compiled and run with libraries that Maven brings."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from eventually import PATIENCE_S

_SOURCES = Path(__file__).parent / "spring"
_LOOPBACK = {"server.port": "0", "server.address": "127.0.0.1"}
_FETCH_S, _START_S = 150, 60
_OPENED = ("--add-opens", "java.base/java.lang=ALL-UNNAMED")
"""For Spring 5, which makes classes in the way of Java 8."""


@dataclass(frozen=True)
class Caller:
    """Whom a resource server says that a token belongs to; None where it refuses it."""

    status: int
    name: str | None = None
    authorities: Sequence[str] = ()


class Stack:
    """Running resource servers, by their names."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports

    def caller(self, server: str, token: str) -> Caller:
        """Send a token to a resource server."""
        url = f"http://127.0.0.1:{self._ports[server]}/api/me"
        headers = {"Authorization": f"Bearer {token}"}
        reply = httpx.get(url, headers=headers, timeout=PATIENCE_S, trust_env=False)
        if reply.status_code != httpx.codes.OK:
            return Caller(reply.status_code)
        body = reply.json()
        return Caller(reply.status_code, body["name"], body["authorities"])


@contextmanager
def spring(
    name: str, application: str, servers: Mapping[str, Mapping[str, str]], directory: Path
) -> Iterator[Stack]:
    """Run an application's servers, each with its settings, in one process during the block.

    The test is skipped where a tool or the libraries are missing.
    """
    path = f"{directory}:{_libraries(name, directory)}"
    source = _SOURCES / name / f"{application}.java"
    command = [_tool("javac"), "-parameters", "-nowarn", "-cp", path]
    command += ["-d", str(directory), str(source)]
    subprocess.run(command, check=True, timeout=_FETCH_S)
    lines = "\n".join(
        " ".join((server, *_flags({**_LOOPBACK, **settings})))
        for server, settings in servers.items()
    ).encode()
    command = [_tool("java"), "-XX:TieredStopAtLevel=1", *_OPENED, "-cp", path, application]
    with subprocess.Popen(
        [*command, str(len(lines))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(lines)
        process.stdin.flush()
        killer = threading.Timer(_START_S * len(servers), process.kill)
        killer.start()
        try:
            yield Stack(_started(process, len(servers)))
        finally:
            killer.cancel()
            process.kill()


def _flags(settings: Mapping[str, str]) -> Iterator[str]:
    return (f"{key}={value}" for key, value in settings.items())


def _started(process: "subprocess.Popen[bytes]", servers: int) -> Mapping[str, int]:
    """Return the ports; raise `RuntimeError` with the log where a server does not start."""
    ports: dict[str, int] = {}
    log: list[str] = []
    for raw in process.stdout or ():
        line = raw.decode(errors="replace")
        log.append(line)
        if line.startswith("serving "):
            _, name, port = line.split()
            ports[name] = int(port)
        if len(ports) == servers:
            threading.Thread(target=_drain, args=(process,), daemon=True).start()
            return ports
    raise RuntimeError(f"{ports} of {servers} servers started: {''.join(log[-60:])}")


def _drain(process: "subprocess.Popen[bytes]") -> None:
    for _ in process.stdout or ():
        pass


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def _libraries(name: str, directory: Path) -> str:
    """Return the class path of an application, from Maven's cache or from its repository."""
    found = directory / "class-path"
    for offline in (["-o"], []):
        command = [_tool("mvn"), "-B", "-q", *offline, "dependency:build-classpath"]
        command += [f"-Dmdep.outputFile={found}", "-f", str(_SOURCES / name / "pom.xml")]
        with_home = {**os.environ, "MAVEN_OPTS": "-XX:TieredStopAtLevel=1"}
        try:
            subprocess.run(
                command, env=with_home, capture_output=True, check=True, timeout=_FETCH_S
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            continue
        return found.read_text()
    pytest.skip(f"Maven has no libraries for {name}")
