"""The engine's process.

Standard input is a lifeline: when it ends before the line `keep`, the starting command has ended
or given up, and the engine stops. Standard output receives one line: `ready`, or the error.
"""

import argparse
import asyncio
import contextlib
import os
import resource
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from localkube.control.server import ControlServer
from localkube.control.state_directory import RELOAD_LOG, SOCKET
from localkube.engine.cluster import Cluster
from localkube.engine.network.addresses import Addresses
from localkube.engine.pods.log_trimming import trim_logs
from localkube.engine.pods.watchdog import Watchdog
from localkube.errors import LocalkubeError
from localkube.images import Images

GRACE_S = 3.0
"""The grace period of `down`, where all processes end together."""
PRIVATE = 0o077
"""The umask: localkube's files are for its user alone."""


async def _serve(options: argparse.Namespace) -> None:
    pods = options.state / "pods"
    _clear(pods)
    _clear(options.state / "discovery")
    addresses = Addresses(str(options.state), loopback=options.addresses == "loopback")
    claims = [addresses.claim.fileno()] if addresses.claim else []
    watchdog = Watchdog([options.lock, *claims])
    if addresses.claim:
        await asyncio.start_unix_server(_accept, sock=addresses.claim)
    try:
        trimming = asyncio.create_task(trim_logs(pods))
        images = Images.load(options.config)
        cluster = Cluster(options.state, addresses, images, watchdog, watch=options.watch)
        reloading = asyncio.create_task(cluster.reload())
        await _run(cluster)
        trimming.cancel()
        reloading.cancel()
    finally:
        watchdog.close()
        _clear(pods)


def _accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept a connection to the claim, which is enough for others to see its owner."""
    writer.close()


def _clear(directory: Path) -> None:
    """Remove a directory, or a symbolic link in its place without following it."""
    if directory.is_symlink():
        directory.unlink()
    shutil.rmtree(directory, ignore_errors=True)


async def _run(cluster: Cluster) -> None:
    """Serve until a signal or the operation `stop`, then end every process."""
    loop = asyncio.get_running_loop()
    stopping: asyncio.Queue[float | None] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.put_nowait, None)
    operations: dict[str, Callable[..., Awaitable[Any]]] = {
        "list": cluster.list,
        "apply": cluster.apply,
        "patch": cluster.patch,
        "delete": cluster.delete,
        "usage": cluster.usage,
        "launch": cluster.launch,
        "stop": stopping.put,
    }
    control = ControlServer(operations, {"watch": cluster.watch})
    listening = await control.start()
    lifeline = asyncio.create_task(_lifeline(stopping))
    measuring = asyncio.create_task(cluster.measure())
    _report("ready")
    grace = await stopping.get()
    listening.close()
    lifeline.cancel()
    measuring.cancel()
    await cluster.stop(GRACE_S if grace is None else grace)
    await control.finish()


async def _lifeline(stopping: "asyncio.Queue[float | None]") -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    if await reader.readline() != b"keep\n":
        stopping.put_nowait(None)


def _report(line: str) -> None:
    with contextlib.suppress(OSError):
        os.write(1, line.encode() + b"\n")


def _raise_file_limit() -> None:
    # Every proxied connection takes two descriptors.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))


def main() -> int:
    """Run until stopped; `--lock` is the inherited descriptor that locks the state directory."""
    parser = argparse.ArgumentParser(prog="localkube.engine.daemon")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--addresses", required=True)
    parser.add_argument("--lock", type=int, required=True)
    parser.add_argument("--watch", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.umask(PRIVATE)
    os.chdir(options.state)
    Path(SOCKET).unlink(missing_ok=True)
    Path(RELOAD_LOG).unlink(missing_ok=True)
    _raise_file_limit()
    try:
        asyncio.run(_serve(options))
    except LocalkubeError as error:
        _report(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
