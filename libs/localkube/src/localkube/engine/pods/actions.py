"""The actions of probes and hooks: an HTTP request, a command, a connection, or sleep."""

import asyncio
import socket
import urllib.parse
from typing import Protocol

from localkube.api.objects import Object
from localkube.engine.network.proxy import tcp_socket
from localkube.errors import LocalkubeError

_PATH = "%/:@!$&'()*+,;=~?-._"
_BODY_LIMIT = 64 * 1024


class ActionFailedError(Exception):
    """The action failed; the message is the reason."""


class Target(Protocol):
    """The container of an action."""

    def address(self, port: int | str) -> tuple[str, int]:
        """Return the address for a port's number or name."""
        ...

    async def execute(self, command: list[str], seconds: float) -> int | None:
        """Run a command in the container and return its exit code, None for a timeout."""
        ...


async def perform(action: Object, target: Target, seconds: float) -> None:
    """Perform the action of a probe or hook; raise `ActionFailedError`."""
    try:
        if "sleep" in action:
            await asyncio.sleep(action["sleep"].get("seconds", 0))
        elif "exec" in action:
            await _execute(action["exec"]["command"], target, seconds)
        else:
            async with asyncio.timeout(seconds):
                await _connect(action, target)
    except TimeoutError:
        raise ActionFailedError(f"no response within {seconds:g} s") from None
    except (OSError, ValueError, LocalkubeError) as error:
        raise ActionFailedError(getattr(error, "strerror", None) or str(error)) from None


async def _execute(command: list[str], target: Target, seconds: float) -> None:
    code = await target.execute(command, seconds)
    if code is None:
        raise ActionFailedError(f"command timed out after {seconds:g} s")
    if code:
        raise ActionFailedError(f"command ended with exit code {code}")


async def _connect(action: Object, target: Target) -> None:
    request = action.get("httpGet")
    ip, port = target.address((request or action["tcpSocket"])["port"])
    loop = asyncio.get_running_loop()
    # Sockets, not streams: every pod is probed each second, and streams take a third more CPU.
    with tcp_socket() as sock:
        await loop.sock_connect(sock, (ip, port))
        if request is not None:
            await loop.sock_sendall(sock, _http_request(request, f"{ip}:{port}"))
            await _check_response(sock)


async def _check_response(sock: socket.socket) -> None:
    """Check the status, and read on to the end: closing earlier would reset the connection."""
    loop, line, received = asyncio.get_running_loop(), b"", b" "
    while received and b"\n" not in line and len(line) < _BODY_LIMIT:
        line += (received := await loop.sock_recv(sock, _BODY_LIMIT))
    _check_status(line.partition(b"\n")[0])
    size = len(line)
    while received and size < _BODY_LIMIT:
        size += len(received := await loop.sock_recv(sock, _BODY_LIMIT))


def _http_request(request: Object, host: str) -> bytes:
    headers = {"Host": host, "User-Agent": "kube-probe/localkube", "Connection": "close"}
    headers |= {
        header["name"]: header.get("value", "") for header in request.get("httpHeaders", [])
    }
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise ActionFailedError("net/http: invalid header field value")
    path = urllib.parse.quote(request.get("path") or "/", safe=_PATH)
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


def _check_status(line: bytes) -> None:
    _, status, *_ = [*line.split(), b"", b""]
    if not status.isdigit():
        raise ActionFailedError("invalid HTTP response")
    if not 200 <= int(status) < 400:  # noqa: PLR2004  # kubelet's range of success
        raise ActionFailedError(f"HTTP status {int(status)}")
