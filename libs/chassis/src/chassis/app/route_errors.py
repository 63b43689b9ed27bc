"""What FastAPI puts around its router, in one layer instead of five."""

from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import NoReturn

from starlette._exception_handler import (
    ExceptionHandlers,
    StatusHandlers,
    wrap_app_handling_exceptions,
)
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Handlers = tuple[ExceptionHandlers, StatusHandlers]


class RouteErrors:
    """Respond to the errors of routes by the application's handlers; close uploaded files.

    Any other error is left to the request layer. Each of FastAPI's layers costs every request a
    coroutine, and most of them another one for each message of the response.
    """

    def __init__(self, router: ASGIApp, handlers: Handlers) -> None:
        self._router, self._handlers = router, handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        scope["starlette.exception_handlers"] = self._handlers
        watched = _Watched(send)
        try:
            async with AsyncExitStack() as files:
                scope["fastapi_middleware_astack"] = files
                await self._router(scope, receive, watched.send)
        except Exception as error:
            if watched.has_started:
                raise
            await _handled(error, scope, receive, send)


async def _handled(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the response of the handler for an error; raise the error where there is none."""

    async def raising(*_: object) -> NoReturn:
        raise error

    await wrap_app_handling_exceptions(raising, Request(scope, receive, send))(scope, receive, send)


class _Watched:
    """Send messages, and know whether the response has started."""

    __slots__ = ("_send", "has_started")

    def __init__(self, send: Send) -> None:
        self._send, self.has_started = send, False

    def send(self, message: Message) -> Awaitable[None]:
        self.has_started = True
        return self._send(message)
