"""The OpenAPI document of a service: FastAPI's, with the actual errors and access rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.utils import deep_dict_update
from starlette.routing import BaseRoute

from chassis.app.middleware import WELL_KNOWN
from chassis.app.openapi_security import Demand, demands, requirements, schemes, sentence
from chassis.config.live import LiveConfig
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


@dataclass(frozen=True, slots=True)
class ServiceDocument:
    """What FastAPI's document of a service lacks.

    `fast_paths` describes the endpoints that FastAPI does not see; `token_path` and
    `authorization_path` are the service's own token and authorization endpoint, if it has them.
    """

    live: LiveConfig[Any]
    is_open: Callable[[str], bool]
    fast_paths: Callable[[], Mapping[str, Any]]
    token_path: str | None
    authorization_path: str | None

    def complete(self, document: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
        """Add the server, errors, security and fast paths; a status that a route has itself stays.

        FastAPI declares 422 for each route that it validates; the error handlers send 400 instead.
        """
        self._declare(document, routes)
        deep_dict_update(document, dict(self.fast_paths()))
        document["servers"] = [{"url": self._prefix or "/"}]
        for path, operations in document["paths"].items():
            if self._prefix and path.startswith(WELL_KNOWN):
                operations["servers"] = [{"url": "/"}]  # RFC 8615, 3

    @property
    def _prefix(self) -> str:
        path = self.live.settings.server.servlet.context_path.strip("/")
        return f"/{path}" if path else ""

    @property
    def _token_url(self) -> str | None:
        """Return where callers get a token, if the service knows."""
        uri: str | None = self.live.settings.security.oauth2.client.access_token_uri
        return self._prefix + self.token_path if self.token_path else uri

    @property
    def _authorization_url(self) -> str | None:
        return self.authorization_path and self._prefix + self.authorization_path

    def _declare(self, document: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
        components = document.setdefault("components", {})
        for name in _OF_FASTAPI:
            components.get("schemas", {}).pop(name, None)
        demanded: dict[str, Sequence[Demand]] = {}
        for route in iter_route_contexts(routes):
            path = route.path_format or ""
            for method in route.methods or ():
                if operation := document["paths"].get(path, {}).get(method.lower()):
                    checks = [*_access_checks(route.dependant)]
                    _declare_errors(operation, checks, is_open=self.is_open(path))
                    if checks or not self.is_open(path):
                        demanded[operation["operationId"]] = self._secure(operation, checks)
        components["securitySchemes"] = schemes(self._token_url, self._authorization_url, demanded)

    def _secure(self, operation: dict[str, Any], checks: Sequence[AccessCheck]) -> Sequence[Demand]:
        alternatives = demands(checks)
        operation["security"] = requirements(alternatives, by_oauth2=self._token_url is not None)
        texts = (operation.get("description", ""), sentence(alternatives))
        if description := "\n\n".join(filter(None, texts)):
            operation["description"] = description
        return alternatives


def _declare_errors(
    operation: dict[str, Any], checks: Sequence[AccessCheck], *, is_open: bool
) -> None:
    responses = operation["responses"]
    errors: list[ApiError] = [TemporarilyUnavailable()]
    if responses.pop("422", None):
        errors.append(InvalidRequest())
    if "requestBody" in operation:
        errors.append(PayloadTooLarge())
    if not is_open:
        errors += [InvalidRequest(), Unauthenticated(), InvalidToken()]
    for check in checks:
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
