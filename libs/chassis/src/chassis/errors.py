"""The errors a service answers with; status, wire code and headers stand on the class.

ApiError
├── InvalidRequest           400 invalid_request
├── InvalidToken             401 invalid_token (RFC 6750, 3.1)
├── AccessDenied             403 access_denied
│   └── InsufficientScope    403 insufficient_scope (RFC 6750, 3.1)
├── NotFound                 404 not_found
├── MethodNotAllowed         405 method_not_allowed
├── PayloadTooLarge          413 payload_too_large
├── ServerError              500 server_error
└── TemporarilyUnavailable   503 temporarily_unavailable, with Retry-After

Every body is `{"error": …, "error_description": …}`: Spring resource servers take a body without
`error` for a good answer.
"""

import json
from collections.abc import Mapping
from typing import ClassVar

from starlette.responses import Response


class ApiError(Exception):
    """An answer that is no success; the description says what to do."""

    status: ClassVar[int] = 500
    error: ClassVar[str] = "server_error"

    def __init__(
        self, description: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.description = description or (type(self).__doc__ or "").split("\n")[0]
        self.extra_headers = dict(headers or {})
        super().__init__(self.description)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers the error's own rule asks for."""
        return {"Cache-Control": "no-store", **self.extra_headers}

    def body(self) -> bytes:
        """Return the JSON body."""
        return error_body(self.error, self.description)


class InvalidRequest(ApiError):
    """The request is malformed."""

    status = 400
    error = "invalid_request"


class InvalidToken(ApiError):
    """The access token is missing, malformed, expired or revoked; get a new one."""

    status = 401
    error = "invalid_token"

    @property
    def headers(self) -> dict[str, str]:
        """Return the challenge of RFC 6750, 3."""
        return {"WWW-Authenticate": challenge(self.error, self.description), **super().headers}


class AccessDenied(ApiError):
    """The token does not allow this."""

    status = 403
    error = "access_denied"


class InsufficientScope(AccessDenied):
    """The token's scope is too small."""

    error = "insufficient_scope"

    def __init__(self, description: str | None = None, *, scope: str = "") -> None:
        self.scope = scope
        super().__init__(description)

    @property
    def headers(self) -> dict[str, str]:
        """Return the challenge of RFC 6750, 3, with the scope that is needed."""
        text = challenge(self.error, self.description, scope=self.scope)
        return {"WWW-Authenticate": text, **super().headers}


class NotFound(ApiError):
    """There is nothing here."""

    status = 404
    error = "not_found"


class MethodNotAllowed(ApiError):
    """The path does not take this method."""

    status = 405
    error = "method_not_allowed"


class PayloadTooLarge(ApiError):
    """The body is larger than server.max-body-size."""

    status = 413
    error = "payload_too_large"


class ServerError(ApiError):
    """The fault is ours, and logged under the trace id."""


class TemporarilyUnavailable(ApiError):
    """Something this needs is away; try again."""

    status = 503
    error = "temporarily_unavailable"

    def __init__(self, description: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(description, headers={"Retry-After": str(retry_after)})


def error_body(error: str, description: str) -> bytes:
    """Return the body every error has."""
    return json.dumps({"error": error, "error_description": description}).encode()


def error_response(error: ApiError) -> Response:
    """Render an error."""
    return Response(
        error.body(), error.status, headers=error.headers, media_type="application/json"
    )


def challenge(error: str | None = None, description: str = "", *, scope: str = "") -> str:
    """Return a WWW-Authenticate value of RFC 6750, 3; without an error for a missing token."""
    pairs = [("realm", "api")]
    if error:
        pairs += [("error", error), ("error_description", description.replace('"', "'"))]
    if scope:
        pairs.append(("scope", scope))
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in pairs)
