"""Requests to Services and pods, sent from where the platform reaches them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from suitectl.platform.agent import NO_RESPONSE, Http, Reply, Request
from suitectl.platform.client_pod import client_pod
from suitectl.platform.platform import Platform
from suitectl.platform.pod_sender import pod_sender

__all__ = ["NO_RESPONSE", "Http", "Reply", "Request", "Sender", "open_sender"]


class Sender(Protocol):
    """Sends each request once; a failure is a `Reply` with status 0."""

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        """Send on a new connection, or with `keep_alive` on one that is reused."""
        ...


@asynccontextmanager
async def open_sender(platform: Platform) -> AsyncIterator[Sender]:
    """Open a sender: in this process for localkube, in the client pod for a cluster."""
    if platform.name == "localkube":
        async with Http() as http:
            yield http
    else:
        pod = await client_pod(platform)
        async with pod_sender(platform, pod) as sender:
            yield sender
