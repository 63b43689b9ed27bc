"""The process that runs everything, from its start to its end.

Standard input is a lifeline: if it ends before the word `keep` was read, whoever started this is
gone or gave up, and everything ends. Standard output takes one line: `ready`, or why not.
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

from localkube.addresses import LoopbackAddresses, PortAddresses
from localkube.cluster import Cluster
from localkube.control import Control
from localkube.errors import LocalkubeError
from localkube.images import Images
from localkube.state import State
from localkube.watchdog import Watchdog

GRACE_S = 3.0
"""What processes get after SIGTERM when all of them end together."""


class Daemon:
    """Owns the state directory while it runs."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stopping = asyncio.Event()
        self._grace = GRACE_S

    async def run(self, state: State) -> None:
        """Serve until told to stop, then end every process."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        control = Control(self._operations())
        await control.start(state.socket)
        lifeline = asyncio.create_task(self._lifeline())
        logs = asyncio.create_task(self._cluster.tend_logs())
        _say("ready")
        await self._stopping.wait()
        control.close()
        lifeline.cancel()
        logs.cancel()
        await self._cluster.stop(self._grace)

    def _operations(self) -> dict[str, Callable[..., Awaitable[Any]]]:
        return {
            "list": self._list,
            "apply": self._cluster.apply,
            "patch": self._cluster.patch,
            "delete": self._cluster.delete,
            "stop": self._stop,
        }

    async def _list(self, **arguments: Any) -> Any:
        return self._cluster.list(**arguments)

    async def _stop(self, grace: float | None = None) -> None:
        self._grace = GRACE_S if grace is None else grace
        self._stopping.set()

    async def _lifeline(self) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        if await reader.readline() != b"keep\n":
            self._stopping.set()


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        os.write(1, line.encode() + b"\n")


def _raise_file_limit() -> None:
    # Every relayed connection takes two descriptors.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))


async def _serve(options: argparse.Namespace) -> None:
    state = State(Path(options.state))
    os.chdir(state.directory)
    shutil.rmtree(state.directory / "pods", ignore_errors=True)
    ports = options.addresses == "ports"
    addresses = PortAddresses() if ports else LoopbackAddresses(options.state)
    claims = [] if isinstance(addresses, PortAddresses) else [addresses.claim.fileno()]
    watchdog = Watchdog([options.lock, *claims])
    try:
        cluster = Cluster(state.directory, addresses, Images.load(Path(options.config)), watchdog)
        await Daemon(cluster).run(state)
    finally:
        watchdog.close()
        shutil.rmtree(state.directory / "pods", ignore_errors=True)


def main() -> int:
    """Run until stopped; `--lock` is the inherited descriptor that owns the state directory."""
    parser = argparse.ArgumentParser(prog="localkube.daemon")
    parser.add_argument("--state", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--addresses", required=True)
    parser.add_argument("--lock", type=int, required=True)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _raise_file_limit()
    try:
        asyncio.run(_serve(parser.parse_args()))
    except LocalkubeError as error:
        _say(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
