"""A suite in a cluster: deployed from sources, and removed after the tests."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self

from story.volumes import volumes
from suitectl.arguments import flag
from suitectl.deploy import SECRETS, deploy, undeploy
from suitectl.images import BuildOptions, build_images, by_manifest_name
from suitectl.platform.client_pod import NAMESPACE, POD
from suitectl.platform.http import Reply, Request, Sender, open_sender
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.platform import Platform
from suitectl.root import ROOT
from suitectl.secrets.generated import IDENTITIES, generate

FEW_NODES = ROOT / "tests/e2e/few-nodes"


class Client:
    """Sends from the client pod."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._stack = platform, AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._sender = await self._stack.enter_async_context(open_sender(self._platform))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        return await self._sender.send(request, keep_alive=keep_alive)

    async def renew(self) -> None:
        """Send from a new pod, whose address has no connection-tracking entry on any node."""
        await self._stack.aclose()
        await self._platform.run("delete", "pod", POD, "-n", NAMESPACE, "--grace-period=1")
        self._stack = AsyncExitStack()
        await self.__aenter__()


@asynccontextmanager
async def deployed(overlay: Path) -> AsyncIterator[tuple[Kubernetes, Sender]]:
    """Deploy an overlay with the profile `prod` from sources, and remove it after the block.

    KEEP=1 keeps it. Environment variables select how images are built and loaded:
    docs/kubernetes.md.
    """
    platform = Kubernetes()
    await platform.run("version", timeout=20)
    await _generated_identities()
    options = BuildOptions.of(os.environ)
    images = by_manifest_name(options, await build_images(options))
    async with volumes(platform, images.get("redis", "redis:7.4")):
        try:
            await deploy(await _fitting(overlay, platform), images, platform)
            async with Client(platform) as client:
                yield platform, client
        finally:
            if not flag("KEEP", os.environ.get("KEEP")):
                await undeploy(platform)


async def _fitting(overlay: Path, platform: Platform) -> Path:
    """Return the overlay, or on fewer than three nodes one that allows Redis pods on one node."""
    return overlay if len(await platform.objects("nodes")) > 2 else FEW_NODES


async def _generated_identities() -> None:
    """Generate secrets for this deployment, and make the story use them."""
    if not (SECRETS / IDENTITIES).exists():
        await generate(SECRETS)
    os.environ["SUITE_IDENTITIES"] = str(SECRETS / IDENTITIES)
