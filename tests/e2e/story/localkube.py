"""The story's platform on one machine: the suite as processes, by the `localkube` command."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from story.commands import Verb, verb
from story.platform import CommandFailedError, Pod

ROOT = Path(__file__).parents[3]
PROGRAM = Path(sys.executable).with_name("localkube")
UP = ("up", str(ROOT / "k8s/base"), "--config", str(ROOT / "k8s/localkube.yaml"))


class Localkube:
    """A suite on localkube; `state` is its state directory, None the user's own."""

    name = "localkube"
    profile = "dev"
    kinds: Sequence[str] = ("deployments", "services", "configmaps")

    def __init__(self, state: Path | None = None) -> None:
        self._options = () if state is None else ("--state", str(state))
        self._urls: dict[tuple[str, str], str] = {}

    async def up(self, *, quiet: bool = False) -> int:
        """Start the suite and wait until it is ready; return the command's exit code.

        Progress is shown either way; `quiet` leaves out the tables of what is there.
        """
        process = await self._start(UP, stdout=asyncio.subprocess.DEVNULL if quiet else None)
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
                await process.wait()

    async def down(self) -> None:
        """End everything the suite runs."""
        process = await self._start(("down",), stderr=asyncio.subprocess.DEVNULL)
        await process.wait()

    async def run(self, command: Verb) -> str:
        process = await self._start(
            command.arguments,
            env=os.environ | command.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode:
            raise CommandFailedError(f"{command.here()}: {err.decode().strip()}")
        return out.decode()

    async def objects(self, kind: str, namespace: str | None = None) -> Sequence[dict[str, Any]]:
        where = "-A" if namespace is None else f"-n {namespace}"
        items: list[dict[str, Any]] = json.loads(
            await self.run(verb(f"get {kind} {where} -o json"))
        )["items"]
        return items

    async def url(self, service: str, namespace: str) -> str:
        key = (service, namespace)
        if key not in self._urls:
            found = json.loads(
                await self.run(verb(f"get service {service} -n {namespace} -o json"))
            )
            spec = found["spec"]
            self._urls[key] = f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"
        return self._urls[key]

    async def pod_url(self, pod: Pod) -> str:
        port = pod.document["spec"]["containers"][0]["ports"][0]["containerPort"]
        return f"http://{pod.ip}:{port}"

    async def hasten(self, app: str, namespace: str) -> None:
        """Do nothing: an edit is in the pods at once."""

    async def swapped_at(self, pod: Pod) -> float:
        mount = pod.document["metadata"]["annotations"]["localkube/volume.config"]
        return (Path(mount) / "..data").lstat().st_mtime

    async def _start(self, arguments: Sequence[str], **options: Any) -> asyncio.subprocess.Process:
        # A session of its own: Ctrl-C reaches the story alone, which then takes down what is up.
        return await asyncio.create_subprocess_exec(
            PROGRAM, *arguments, *self._options, start_new_session=True, **options
        )


@asynccontextmanager
async def running(state: Path) -> AsyncIterator[Localkube]:
    """Have the suite up while the block runs, and nothing left after, however it ends."""
    platform = Localkube(state)
    try:
        if code := await platform.up(quiet=True):
            raise CommandFailedError(f"localkube up ended with exit code {code}")
        yield platform
    finally:
        await asyncio.shield(platform.down())
