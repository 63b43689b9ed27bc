"""The suite as processes on this machine, by the `localkube` command."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from localkube.control.client import Client
from localkube.control.state_directory import state_of
from localkube.errors import LocalkubeError
from localkube.progress import handed_over
from suitectl.command_lines import LOCALKUBE
from suitectl.errors import CommandFailedError
from suitectl.platform.platform import Platform, service_url
from suitectl.platform.pod import Pod
from suitectl.root import ROOT

_UP = ("up", str(ROOT / "k8s/base"), "--config", str(ROOT / "k8s/localkube.yaml"))


class Localkube(Platform):
    """A suite on localkube; `state` is its state directory, None the user's own."""

    name = "localkube"
    kinds = ("deployments", "services", "configmaps")

    def __init__(self, state: Path | None = None) -> None:
        program = str(Path(sys.executable).with_name("localkube"))
        options = () if state is None else ("--state", str(state))
        self.client = Client(state_of(None if state is None else str(state)))
        """What asks the engine itself."""
        super().__init__((program, *options), LOCALKUBE, profile="dev")

    def environment(self) -> Mapping[str, str]:
        """Return the platform and its state directory."""
        return {"PLATFORM": self.name, "LOCALKUBE_STATE": str(self.client.state.directory)}

    async def up(self, *, quiet: bool = False, watch: bool = False) -> int:
        """Start the suite and wait until it is ready; return the command's exit code.

        Progress is shown either way; `quiet` leaves out the tables of what is there.
        `watch` serves sources that are saved later.
        """
        out = asyncio.subprocess.DEVNULL if quiet else None
        options = ("--watch",) if watch else ()
        process = await self.start(*_UP, *options, stdout=out, stderr=None)
        try:
            with handed_over():
                return await process.wait()
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
                await process.wait()

    async def down(self) -> None:
        """End everything the suite runs."""
        process = await self.start("down", stdout=None, stderr=asyncio.subprocess.DEVNULL)
        await process.wait()

    async def url(self, service: str, namespace: str) -> str:
        """Ask the engine itself: a verb costs an interpreter, and every request asks."""
        try:
            return service_url(self.client.get("Service", namespace, service))
        except LocalkubeError as error:
            raise CommandFailedError(str(error)) from None

    async def swapped_at(self, pod: Pod) -> float:
        """Read the mount itself."""
        mount = pod.document["metadata"]["annotations"]["localkube/volume.config"]
        return (Path(mount) / "..data").lstat().st_mtime

    async def hasten(self, app: str, namespace: str) -> None:
        """Do nothing: an edit is in the pods at once."""


@asynccontextmanager
async def running(state: Path) -> AsyncIterator[Localkube]:
    """Run the suite during the block, and end all its processes however the block ends."""
    platform = Localkube(state)
    try:
        if code := await platform.up(quiet=True):
            raise CommandFailedError(f"localkube up ended with exit code {code}")
        yield platform
    finally:
        await asyncio.shield(platform.down())
