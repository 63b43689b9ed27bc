"""The refusals that only a resource server knows.

ApiError (chassis.errors)
├── Unauthenticated    401 unauthorized, with a challenge that names no error (RFC 6750, 3.1)
└── InvalidToken
    └── ForeignToken   401 invalid_token; the log says whose token it is and whom it is for
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
        """Return the bare challenge: the request had nothing that could be wrong."""
        return {"WWW-Authenticate": challenge(), **super().headers}


class ForeignToken(InvalidToken):
    """The access token is meant for another resource."""

    def __init__(self, authentication: Authentication, resource_id: str) -> None:
        self.authentication, self.resource_id = authentication, resource_id
        super().__init__()

    def again(self) -> Self:
        """Return the same refusal for another request."""
        return type(self)(self.authentication, self.resource_id)
