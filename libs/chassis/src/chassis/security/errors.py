"""Errors of a resource server.

ApiError (chassis.errors)
├── Unauthenticated                  401 unauthorized, its challenge has no error (RFC 6750, 3.1)
├── InsufficientUserAuthentication   401 insufficient_user_authentication (RFC 9470, 3)
└── InvalidToken
    └── ForeignToken                 401 invalid_token; the audit log names owner and audience
"""

from collections.abc import Sequence
from typing import Self

from chassis.errors import ApiError, InvalidToken, challenge
from chassis.security.authentication import Authentication


class Unauthenticated(ApiError):
    """An access token is required; send it as Authorization: Bearer."""

    status = 401
    error = "unauthorized"

    @property
    def headers(self) -> dict[str, str]:
        """Return the challenge without an error: the request had no credentials."""
        return {"WWW-Authenticate": challenge(), **super().headers}


class InsufficientUserAuthentication(ApiError):
    """The login behind this token is too old, or not of the required kind; log in again."""

    status = 401
    error = "insufficient_user_authentication"

    def __init__(self, acr_values: Sequence[str] = (), max_age: int | None = None) -> None:
        self.acr_values, self.max_age = " ".join(acr_values), max_age
        super().__init__()

    @property
    def headers(self) -> dict[str, str]:
        """Return the challenge, which says what to ask the authorization server for."""
        age = "" if self.max_age is None else str(self.max_age)
        text = challenge(self.error, self.description, acr_values=self.acr_values, max_age=age)
        return {"WWW-Authenticate": text, **super().headers}


class ForeignToken(InvalidToken):
    """The access token is for another resource server."""

    def __init__(self, authentication: Authentication, resource_id: str) -> None:
        self.authentication, self.resource_id = authentication, resource_id
        super().__init__()

    def again(self) -> Self:
        """Return the same error for another request."""
        return type(self)(self.authentication, self.resource_id)
