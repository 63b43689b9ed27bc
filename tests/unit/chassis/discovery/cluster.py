"""A directory that watches the API server of a test."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Literal

from chassis.discovery.dns import DnsDirectory
from chassis.discovery.kubernetes import ApiServer, KubernetesDirectory
from eventually import until
from kube_api import HOST, KubeApi


@asynccontextmanager
async def following(
    api: KubeApi,
    *,
    namespaces: Sequence[str] | None = None,
    mode: Literal["service", "pod"] = "service",
    dns: DnsDirectory | None = None,
) -> AsyncIterator[KubernetesDirectory]:
    """Yield a directory that watches `api`. It may have read nothing yet."""
    directory = KubernetesDirectory(
        ApiServer(f"https://{HOST}:{api.port}", api.mount),
        namespaces=namespaces,
        mode=mode,
        dns=dns or DnsDirectory(cluster_domain="k8s.example"),
    )
    async with directory.running():
        yield directory


async def known(directory: KubernetesDirectory) -> None:
    """Wait until the directory has read every list."""
    await until(lambda: not directory.unknown(), "the first lists")
