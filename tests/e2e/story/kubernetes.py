"""The story's platform in a cluster: the suite of the current kubeconfig, by `kubectl`."""

import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

from story.commands import Verb
from story.localkube import ROOT
from story.platform import Pod
from story.volumes import volumes
from suitectl.client_pod import NAMESPACE, POD
from suitectl.deploy import SECRETS, deploy, undeploy
from suitectl.http import Reply, Request, Sender, open_sender, service_url
from suitectl.images import BuildOptions, build_images, by_manifest_name
from suitectl.program import Program, program_named
from suitectl.refresh import ANNOTATION
from suitectl.secrets import IDENTITIES, generate

FEW_NODES = ROOT / "tests/e2e/few-nodes"


class Kubernetes:
    """A suite in a cluster, deployed with one profile."""

    name = "kubernetes"
    kinds: Sequence[str] = (
        *("deployments", "statefulsets", "services", "configmaps"),
        *("networkpolicies", "horizontalpodautoscalers"),
    )

    def __init__(self, program: Program, client: "Client", *, profile: str = "dev") -> None:
        self.program, self.client = program, client
        self.profile = profile

    async def run(self, command: Verb) -> str:
        return await self.program.run(
            *command.arguments, environment=command.environment(), timeout=180
        )

    async def objects(self, kind: str, namespace: str | None = None) -> Sequence[dict[str, Any]]:
        return await self.program.objects(kind, namespace)

    async def url(self, service: str, namespace: str) -> str:
        return await service_url(self.program, service, namespace)

    async def pod_url(self, pod: Pod) -> str:
        port = pod.document["spec"]["containers"][0]["ports"][0]["containerPort"]
        return f"http://{pod.ip}:{port}"

    async def swapped_at(self, pod: Pod) -> float:
        printed = await self.program.run(
            *("exec", pod.name, "-n", pod.namespace, "--"),
            *("stat", "--format=%.Y", "/etc/suite/config/..data"),
        )
        return float(printed)

    async def hasten(self, app: str, namespace: str) -> None:
        pods = ("annotate", "pods", "-n", namespace, "-l", f"app={app}")
        await self.program.run(*pods, "--overwrite", f"{ANNOTATION}={time.time()}")


class Client:
    """Sends from the client pod."""

    def __init__(self, program: Program) -> None:
        self._program, self._stack = program, AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._sender = await self._stack.enter_async_context(open_sender(self._program))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        return await self._sender.send(request, keep_alive=keep_alive)

    async def renew(self) -> None:
        """Send from a new pod, and so from an address that no node remembers anything of."""
        await self._stack.aclose()
        await self._program.run("delete", "pod", POD, "-n", NAMESPACE, "--grace-period=1")
        self._stack = AsyncExitStack()
        await self.__aenter__()


@asynccontextmanager
async def deployed(overlay: Path) -> AsyncIterator[tuple[Kubernetes, Sender]]:
    """Have an overlay with the profile `prod` deployed from sources, and nothing left after.

    KEEP=1 leaves it. How images are built and handed over is said by the environment, see
    docs/kubernetes.md.
    """
    program = program_named("kubernetes")
    await program.run("version", timeout=20)
    await _generated_identities()
    options = BuildOptions.of(os.environ)
    images = by_manifest_name(options, await build_images(options))
    async with volumes(program, images.get("redis", "redis:7.4")):
        try:
            await deploy(await _fitting(overlay, program), images, program)
            async with Client(program) as client:
                yield Kubernetes(program, client, profile="prod"), client
        finally:
            if not os.environ.get("KEEP"):
                await undeploy(program)


async def _fitting(overlay: Path, program: Program) -> Path:
    """Return the overlay, or on fewer than three nodes the one that lets Redis stand together."""
    return overlay if len(await program.objects("nodes")) > 2 else FEW_NODES


async def _generated_identities() -> None:
    """Have secrets of this deployment's own, and the story use them."""
    if not (SECRETS / IDENTITIES).exists():
        await generate(SECRETS)
    os.environ["SUITE_IDENTITIES"] = str(SECRETS / IDENTITIES)
