"""Faults on purpose, to show a release that goes wrong: errors and latency on the API port.

Probes and metrics stand on the management port and are spared.
"""

import asyncio
import random
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.config.live import LiveConfig
from chassis.errors import ServerError


class Faults:
    """Fail a share of the requests and delay all of them, as `faults` says at this moment."""

    def __init__(self, app: ASGIApp, *, live: LiveConfig[Any]) -> None:
        self._app, self._live = app, live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Delay, fail, or pass on."""
        faults = self._live.settings.faults
        if scope["type"] == "http":
            if faults.latency_ms:
                await asyncio.sleep(faults.latency_ms / 1000)
            if faults.error_rate and random.random() < faults.error_rate:  # noqa: S311 - no secret
                raise ServerError("A fault on purpose: faults.error-rate")
        await self._app(scope, receive, send)
