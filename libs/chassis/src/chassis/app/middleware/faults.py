"""Fault injection, to demonstrate a bad release: errors and latency on the API port.

Probes and metrics, on the management port, are not affected.
"""

import asyncio
import random
from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.config.sections import FaultSettings
from chassis.errors import ServerError


class Faults:
    """Delay requests and fail a share of them, as `faults` currently configures."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Inject a fault, or pass the request on."""
        if scope["type"] == "http":
            faults = scope["state"]["settings"].faults
            if faults.latency_ms or faults.error_rate:
                return self._faulty(faults, scope, receive, send)
        return self._app(scope, receive, send)

    async def _faulty(
        self, faults: FaultSettings, scope: Scope, receive: Receive, send: Send
    ) -> None:
        await asyncio.sleep(faults.latency_ms / 1000)
        if random.random() < faults.error_rate:  # noqa: S311 - no secret
            raise ServerError("An injected fault: faults.error-rate")
        await self._app(scope, receive, send)
