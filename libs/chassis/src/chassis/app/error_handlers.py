"""Render FastAPI's errors like every other error."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from chassis.errors import (
    AccessDenied,
    ApiError,
    InvalidRequest,
    InvalidToken,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ServerError,
    TemporarilyUnavailable,
    error_response,
)

_BY_STATUS: dict[int, type[ApiError]] = {
    error.status: error
    for error in (
        InvalidRequest,
        InvalidToken,
        AccessDenied,
        NotFound,
        MethodNotAllowed,
        PayloadTooLarge,
        TemporarilyUnavailable,
    )
}
_SERVER_ERROR = 500
_PHRASES = frozenset(status.phrase for status in HTTPStatus)


def install_error_handlers(app: FastAPI) -> None:
    """Render all errors that FastAPI and Starlette raise as an `ApiError`."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _validation_error)
    # Rendered here; Starlette raises it again, and the request layer logs it.
    app.add_exception_handler(Exception, server_error)


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class alone
    return error_response(error)


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    if isinstance(error.__cause__, ApiError):
        # Middleware raised it while FastAPI read the body, which reports a parsing error.
        return error_response(error.__cause__)
    default = ServerError if error.status_code >= _SERVER_ERROR else InvalidRequest
    description = None if error.detail in _PHRASES else str(error.detail)
    rendered = error_response(_BY_STATUS.get(error.status_code, default)(description))
    rendered.status_code = error.status_code
    rendered.headers.update(error.headers or {})
    if "Allow" in rendered.headers:
        rendered.headers["Allow"] = ", ".join(_methods(request.app.routes, request.scope))
    return rendered


def _methods(routes: Iterable[BaseRoute], scope: Scope) -> Sequence[str]:
    """Return the methods of all routes with this path; each route names its own alone."""
    alike = [route for route in routes if route.matches(scope)[0] != Match.NONE]
    found = {method for route in alike for method in getattr(route, "methods", None) or ()}
    return sorted(found | {"HEAD"} if "GET" in found else found)  # `middleware.head` serves it


async def _validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    return error_response(InvalidRequest(_explained(error.errors()[0])))


async def server_error(_: Request, error: Exception) -> Response:
    """Render an error that is not for callers."""
    del error
    return error_response(ServerError())


def _explained(first: Any) -> str:
    """Say which parameter is wrong and why, never its value."""
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}"
