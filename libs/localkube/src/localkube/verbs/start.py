"""Start the engine's process, which ends with this process unless `keep` is called."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from localkube.control.client import Client
from localkube.control.state_directory import State
from localkube.errors import AlreadyRunningError, LocalkubeError

LOCK_WAIT_S = 5.0
"""Seconds for the processes of a killed localkube to end."""


@contextlib.contextmanager
def started(
    client: Client, config: Path, mode: str | None, *, watch: bool = False
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a daemon that ends with the block unless `keep` is called."""
    daemon = _start(client, config, mode or _default_mode(), watch=watch)
    try:
        _await_ready(daemon, client.state)
        yield daemon
    finally:
        if daemon.stdin and not daemon.stdin.closed:
            daemon.stdin.close()
            _await_end(daemon, client.state)


def keep(daemon: "subprocess.Popen[bytes]") -> None:
    """Let the daemon run on after this process."""
    if daemon.stdin:
        daemon.stdin.write(b"keep\n")
        daemon.stdin.close()


def _start(client: Client, config: Path, mode: str, *, watch: bool) -> "subprocess.Popen[bytes]":
    state = client.state
    state.create()
    lock = _lock(client)
    options = ["--state", str(state.directory), "--config", str(config), "--addresses", mode]
    options += ["--watch"] if watch else []
    log = state.open_log()
    try:
        daemon = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "localkube.engine.daemon", "--lock", str(lock), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=[lock],
            start_new_session=True,
            bufsize=0,
        )
    finally:
        os.close(log)
        os.close(lock)
    return daemon


def _lock(client: Client) -> int:
    lock = client.state.lock()
    if lock is None and not client.is_running() and client.state.wait_until_free(LOCK_WAIT_S):
        lock = client.state.lock()
    if lock is None:
        where = f"state {client.state.directory}"
        raise AlreadyRunningError(
            f"already running ({where}), left unchanged; end it: ./localkube down"
        )
    return lock


def _await_ready(daemon: "subprocess.Popen[bytes]", state: State) -> None:
    line = daemon.stdout.readline().decode().strip() if daemon.stdout else ""
    if line != "ready":
        raise LocalkubeError(line or f"localkube did not start; see {state.log}")


def _await_end(daemon: "subprocess.Popen[bytes]", state: State) -> None:
    # A second Ctrl-C does not interrupt the wait: the daemon's end has a bound of its own.
    while daemon.returncode is None:
        with contextlib.suppress(KeyboardInterrupt):
            daemon.wait()
    state.wait_until_free(LOCK_WAIT_S)


def _default_mode() -> str:
    """Return `loopback` where all of 127.0.0.0/8 can be bound, else `ports`."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.9.9.9", 0))
        except OSError:
            return "ports"
    return "loopback" if sys.platform.startswith("linux") else "ports"
