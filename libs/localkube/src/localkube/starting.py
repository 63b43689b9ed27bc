"""Start localkube's own process, which ends with this one unless it is told to stay."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Self

from localkube import addresses
from localkube.client import Client
from localkube.errors import AlreadyRunningError, LocalkubeError

LOCK_WAIT_S = 5.0
"""How long a killed localkube's remains may take to go."""


class Started:
    """A daemon that ends with the block unless it is told to stay."""

    def __init__(self, client: Client, config: Path, mode: str | None) -> None:
        self._state, self._kept = client.state, False
        self._daemon = _start(client, config, mode or addresses.default_mode())

    def __enter__(self) -> Self:
        try:
            self._await_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._kept:
            return
        with contextlib.suppress(OSError):
            _pipe(self._daemon.stdin).close()
        # A second Ctrl-C must not leave the daemon's end unawaited: it has a bound of its own.
        while self._daemon.returncode is None:
            with contextlib.suppress(KeyboardInterrupt):
                self._daemon.wait()
        self._state.wait_until_free(LOCK_WAIT_S)

    def _await_ready(self) -> None:
        line = _pipe(self._daemon.stdout).readline().decode().strip()
        if line != "ready":
            raise LocalkubeError(line or f"localkube did not start; see {self._state.log}")

    def keep(self) -> None:
        """Let it run on alone."""
        _pipe(self._daemon.stdin).write(b"keep\n")
        self._kept = True

    def wait(self) -> int:
        """Wait for its end."""
        return self._daemon.wait()


def _start(client: Client, config: Path, mode: str) -> "subprocess.Popen[bytes]":
    state = client.state
    state.create()
    lock = _lock(client)
    options = ["--state", str(state.directory), "--config", str(config), "--addresses", mode]
    with state.log.open("ab") as log:
        state.log.chmod(0o600)
        daemon = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "localkube.daemon", "--lock", str(lock), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=[lock],
            start_new_session=True,
            bufsize=0,
        )
    os.close(lock)
    return daemon


def _lock(client: Client) -> int:
    deadline = time.monotonic() + LOCK_WAIT_S
    while (lock := client.state.lock()) is None:
        if _is_running(client) or time.monotonic() > deadline:
            where = f"state {client.state.directory}"
            raise AlreadyRunningError(
                f"already running ({where}), left as it is; end it: localkube down"
            )
        time.sleep(0.05)
    return lock


def _is_running(client: Client) -> bool:
    try:
        client.connect().close()
    except LocalkubeError:
        return False
    return True


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101  # for the type checker
    return stream
