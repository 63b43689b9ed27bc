"""Errors of a call to another service that got no usable response.

ApiError (chassis.errors)
└── TemporarilyUnavailable      503, with Retry-After
    └── ServiceUnavailable      503: unreachable, connection broken, or "try later"
        ├── ServiceTimeout      504: no response in time
        └── UnusableResponse    502: the response is too large or invalid
"""

from chassis.errors import TemporarilyUnavailable


class ServiceUnavailable(TemporarilyUnavailable):
    """A required service is unreachable."""

    def __init__(self, service: str, trouble: str = "is unreachable") -> None:
        self.service = service
        super().__init__(f"{service} {trouble}; try again")


class ServiceTimeout(ServiceUnavailable):
    """A required service did not respond in time."""

    status = 504
    error = "timeout"

    def __init__(self, service: str) -> None:
        super().__init__(service, "did not respond in time")


class UnusableResponse(ServiceUnavailable):
    """A required service sent an unusable response; `reason` names fields, never their values."""

    status = 502
    error = "bad_gateway"

    def __init__(self, service: str, reason: str) -> None:
        self.reason = reason
        super().__init__(service, f"sent an unusable response ({reason})")
