"""Requests to Services and pods, sent from where the platform reaches them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from suitectl.platform.agent import NO_RESPONSE, Http, Reply, Request
from suitectl.platform.client_pod import client_pod
from suitectl.platform.platform import Platform
from suitectl.platform.pod_sender import pod_sender

__all__ = [
    "NO_RESPONSE",
    "Http",
    "Reply",
    "Request",
    "Sender",
    "open_sender",
    "service_url",
]


class Sender(Protocol):
    """Sends each request once; a failure is a `Reply` with status 0."""

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        """Send on a connection of its own, or on one that is reused."""
        ...


@asynccontextmanager
async def open_sender(platform: Platform) -> AsyncIterator[Sender]:
    """Have a sender: this process beside localkube, a client pod inside a cluster."""
    if platform.name == "localkube":
        async with Http() as http:
            yield http
    else:
        pod = await client_pod(platform)
        async with pod_sender(platform, pod) as sender:
            yield sender


async def service_url(platform: Platform, service: str, namespace: str) -> str:
    """Return the URL of a Service's first port, as its sender reaches it."""
    found = await platform.object("service", service, namespace)
    port = str(found["spec"]["ports"][0]["port"])
    # localkube says where it had to put a port: with --addresses=ports that is elsewhere.
    moved = found.get("status", {}).get("addresses", {}).get(port)
    return f"http://{moved or ':'.join((found['spec']['clusterIP'], port))}"
