"""What probes and hooks do: an HTTP request, a command, a connection, or sleep."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Protocol

from localkube.objects import Object

_BODY_LIMIT = 64 * 1024


class ActionFailedError(Exception):
    """The action did not succeed; the message says how."""


class Target(Protocol):
    """The container an action is for."""

    @property
    def ip(self) -> str:
        """Return the pod's address."""
        ...

    def port(self, port: int | str) -> int:
        """Return where the container listens for a port's number or name."""
        ...

    async def execute(self, command: list[str], seconds: float) -> int | None:
        """Run a command beside the container; None when it took too long."""
        ...


async def perform(action: Object, target: Target, seconds: float) -> None:
    """Do what a probe or hook says; raise `ActionFailedError`."""
    if "sleep" in action:
        await asyncio.sleep(action["sleep"]["seconds"])
    elif "exec" in action:
        await _execute(action["exec"]["command"], target, seconds)
    else:
        await _within(seconds, _network(action, target))


async def _execute(command: list[str], target: Target, seconds: float) -> None:
    try:
        code = await target.execute(command, seconds)
    except OSError as error:
        raise ActionFailedError(f"command {command[0]}: {error.strerror}") from None
    if code is None:
        raise ActionFailedError(f"command timed out after {seconds:g} s")
    if code:
        raise ActionFailedError(f"command ended with exit code {code}")


async def _within(seconds: float, work: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        raise ActionFailedError(f"no answer within {seconds:g} s") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ActionFailedError(reason) from None


async def _network(action: Object, target: Target) -> None:
    request = action.get("httpGet")
    port = target.port((request or action["tcpSocket"])["port"])
    reader, writer = await asyncio.open_connection(target.ip, port)
    try:
        if request is not None:
            writer.write(_http_request(request, target.ip, port))
            _check_status(await reader.readline())
            await _drain(reader)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _http_request(request: Object, ip: str, port: int) -> bytes:
    headers = {"Host": f"{ip}:{port}", "User-Agent": "kube-probe/localkube"}
    headers |= {header["name"]: header["value"] for header in request.get("httpHeaders") or []}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    path = request.get("path") or "/"
    head = [f"GET {path} HTTP/1.1", *lines, "Connection: close", "", ""]
    return "\r\n".join(head).encode()


def _check_status(line: bytes) -> None:
    words = line.split()
    if len(words) < 2 or not words[1].isdigit():  # noqa: PLR2004  # version and status
        raise ActionFailedError("no HTTP answer")
    if not 200 <= int(words[1]) < 400:  # noqa: PLR2004  # what kubelet takes for success
        raise ActionFailedError(f"HTTP status {int(words[1])}")


async def _drain(reader: asyncio.StreamReader) -> None:
    # Closing with bytes unread would reset the connection under the server's hands.
    left = _BODY_LIMIT
    while left > 0 and (part := await reader.read(left)):
        left -= len(part)
