"""Faults on purpose, to show a release that goes wrong: errors and latency on the API port.

Probes and metrics stand on the management port and are spared.
"""

import asyncio
import random
from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.config.sections import FaultSettings
from chassis.errors import ServerError


class Faults:
    """Fail a share of the requests and delay all of them, as `faults` says at this moment."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on, or delay and fail."""
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
            raise ServerError("A fault on purpose: faults.error-rate")
        await self._app(scope, receive, send)
