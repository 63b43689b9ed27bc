"""The client of the control socket; few imports, because every verb pays for them."""

import contextlib
import json
import socket
from collections.abc import Sequence
from typing import Any

from localkube.control.state_directory import LONGEST_REQUEST, SOCKET, TOO_LONG, State
from localkube.control.watch import Watch
from localkube.errors import LocalkubeError

TIMEOUT_S = 120.0


class Client:
    """Calls operations of the engine, one connection each."""

    def __init__(self, state: State) -> None:
        self.state = state

    def call(self, operation: str, **arguments: Any) -> Any:
        """Return an operation's result; raise `LocalkubeError` with its message and exit code."""
        request = _request(operation, arguments)
        with self._connect() as sock:
            line = self._exchange(sock, request)
        if not line:
            raise self._ended()
        response = json.loads(line)
        if "error" in response:
            raise LocalkubeError(response["error"], response["exit_code"])
        return response["result"]

    def list(self, kind: str, namespace: str | None = None, **options: Any) -> list[Any]:
        """Return objects of a kind."""
        return list(self.call("list", kind=kind, namespace=namespace, **options))

    def get(self, kind: str, namespace: str, name: str) -> Any:
        """Return one object; raise `LocalkubeError` where it does not exist."""
        return self.list(kind, namespace, names=[name])[0]

    def watch(self, kinds: Sequence[str], namespace: str | None = None, **options: Any) -> Watch:
        """Watch objects of some kinds: those that exist first, or what changes after `version`.

        `options` are those of the operation (`localkube.engine.watches`).
        """
        request = _request("watch", {"kinds": kinds, "namespace": namespace, **options})
        sock = self._connect()
        try:
            sock.sendall(request)
        except OSError:
            sock.close()
            raise self._ended() from None
        return Watch(sock, str(self.state.log))

    def is_running(self) -> bool:
        """Say whether a localkube accepts connections."""
        with contextlib.suppress(LocalkubeError):
            self._connect().close()
            return True
        return False

    def _exchange(self, sock: socket.socket, request: bytes) -> bytes:
        """Return the response's line, empty where the connection ends before it."""
        try:
            with sock.makefile("rwb") as stream:
                stream.write(request)
                stream.flush()
                return stream.readline()
        except TimeoutError:
            reason = f"localkube did not respond within {TIMEOUT_S:g} s; see {self.state.log}"
            raise LocalkubeError(reason) from None
        except OSError:
            return b""

    def _ended(self) -> LocalkubeError:
        return LocalkubeError(f"localkube ended before it responded; see {self.state.log}")

    def _connect(self) -> socket.socket:
        try:
            with self.state.opened() as directory, contextlib.chdir(directory):
                return _connected()
        except OSError:
            where = f"no localkube runs here (state {self.state.directory})"
            raise LocalkubeError(f"{where}; start one: ./localkube up k8s/base") from None


def _request(operation: str, arguments: dict[str, Any]) -> bytes:
    request = json.dumps({"operation": operation, **arguments}).encode() + b"\n"
    if len(request) > LONGEST_REQUEST:
        raise LocalkubeError(TOO_LONG)
    return request


def _connected() -> socket.socket:
    """Connect to the control socket in the current directory; raise `OSError`."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(TIMEOUT_S)
    try:
        sock.connect(SOCKET)
    except OSError:
        sock.close()
        raise
    return sock
