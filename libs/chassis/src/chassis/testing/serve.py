"""Serve applications until the end of a test: `orders = await serve(create_app)`."""

from contextlib import AsyncExitStack
from typing import Any

from fastapi import FastAPI

from chassis.testing.application import Served, served
from chassis.testing.configured import CreateApp


class Serve:
    """Start applications; all stop at the end of the test."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def __call__(self, app: FastAPI | CreateApp, *args: Any, **options: Any) -> Served:
        """Start an application as `served` does, and return its client."""
        return await self._stack.enter_async_context(served(app, *args, **options))
