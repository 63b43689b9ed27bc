"""The OpenAPI document of a service: FastAPI's, with the actual error responses."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from chassis.errors import (
    ApiError,
    InvalidRequest,
    InvalidToken,
    PayloadTooLarge,
    TemporarilyUnavailable,
)
from chassis.security.errors import Unauthenticated
from chassis.security.rules import AccessCheck

_TEXT = {"type": "string"}
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")


def error_responses(*errors: ApiError) -> dict[int | str, dict[str, Any]]:
    """Describe errors by status, for a route's `responses`: codes, and the headers all have."""
    by_status: dict[int | str, list[ApiError]] = {}
    for error in errors:
        by_status.setdefault(str(error.status), []).append(error)
    return {status: _response(alike) for status, alike in sorted(by_status.items(), key=str)}


def declare_errors(
    document: dict[str, Any], routes: Sequence[BaseRoute], is_open: Callable[[str], bool]
) -> None:
    """Add the chassis' error responses to each route; a status that it declares itself stays.

    FastAPI declares 422 for each route that it validates; the error handlers send 400 instead.
    """
    components = document.setdefault("components", {})
    components.setdefault("securitySchemes", {})[AccessCheck.scheme_name] = (
        AccessCheck.model.model_dump(mode="json", by_alias=True, exclude_none=True)
    )
    for name in _OF_FASTAPI:
        components.get("schemas", {}).pop(name, None)
    for route in iter_route_contexts(routes):
        path = route.path_format or ""
        for method in route.methods or ():
            if operation := document["paths"].get(path, {}).get(method.lower()):
                _declare(operation, route, is_open=is_open(path))


def _declare(operation: dict[str, Any], route: RouteContext, *, is_open: bool) -> None:
    responses = operation["responses"]
    errors: list[ApiError] = [TemporarilyUnavailable()]
    if responses.pop("422", None):
        errors.append(InvalidRequest())
    if "requestBody" in operation:
        errors.append(PayloadTooLarge())
    if not is_open:
        operation["security"] = [{AccessCheck.scheme_name: []}]
        errors += [InvalidRequest(), Unauthenticated(), InvalidToken()]
    for check in _access_checks(route.dependant):
        errors += check.errors()
    for status, response in error_responses(*errors).items():
        responses.setdefault(status, response)


def _access_checks(dependant: Dependant) -> Iterator[AccessCheck]:
    """Yield the access rules of a route and of all that it depends on."""
    if isinstance(dependant.call, AccessCheck):
        yield dependant.call
    for dependency in dependant.dependencies:
        yield from _access_checks(dependency)


def _response(errors: Sequence[ApiError]) -> dict[str, Any]:
    headers = set.intersection(*(set(error.headers) for error in errors))
    codes = {"enum": list(dict.fromkeys(error.error for error in errors))}
    schema = {
        "type": "object",
        "properties": {"error": codes, "error_description": _TEXT},
        "required": ["error", "error_description"],
        "additionalProperties": False,
    }
    return {
        "description": " ".join(dict.fromkeys(error.description for error in errors)),
        "headers": {name: {"required": True, "schema": _TEXT} for name in sorted(headers)},
        "content": {"application/json": {"schema": schema}},
    }
