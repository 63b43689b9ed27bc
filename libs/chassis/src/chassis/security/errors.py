"""The answer to a request that says nothing of its caller.

ApiError (chassis.errors)
└── Unauthenticated    401 unauthorized, with a challenge that names no error (RFC 6750, 3.1)
"""

from chassis.errors import ApiError, challenge


class Unauthenticated(ApiError):
    """An access token is required; send it as Authorization: Bearer."""

    status = 401
    error = "unauthorized"

    @property
    def headers(self) -> dict[str, str]:
        """Return the bare challenge: the request had nothing that could be wrong."""
        return {"WWW-Authenticate": challenge(), **super().headers}
