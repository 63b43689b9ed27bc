"""Serve applications until the end of a test: `orders = await serve(create_app)`."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Concatenate, ParamSpec, TypeVar

from chassis.testing.application import Served, served

P = ParamSpec("P")
T = TypeVar("T")


def _taking(
    function: Callable[P, object],
) -> Callable[[Callable[..., T]], Callable[Concatenate["Serve", P], T]]:
    """Give a method the parameters of a function, for type checkers."""
    del function
    return lambda method: method


class Serve:
    """Start applications; all stop at the end of the test."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    @_taking(served)
    async def __call__(self, *args: Any, **options: Any) -> Served:
        """Start an application as `served` does, and return its client."""
        return await self._stack.enter_async_context(served(*args, **options))
