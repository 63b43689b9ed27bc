"""Errors of a resource server.

ApiError (chassis.errors)
├── Unauthenticated    401 unauthorized, with a challenge without an error (RFC 6750, 3.1)
└── InvalidToken
    └── ForeignToken   401 invalid_token; the audit log names the token's owner and audience
"""

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


class ForeignToken(InvalidToken):
    """The access token is for another resource server."""

    def __init__(self, authentication: Authentication, resource_id: str) -> None:
        self.authentication, self.resource_id = authentication, resource_id
        super().__init__()

    def again(self) -> Self:
        """Return the same error for another request."""
        return type(self)(self.authentication, self.resource_id)
