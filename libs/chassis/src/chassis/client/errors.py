"""What a call to another service ends with when no response came that can be used.

ApiError (chassis.errors)
└── TemporarilyUnavailable      503, with Retry-After
    └── ServiceUnavailable      503: nobody there, nobody who answers whole, or "not now"
        ├── ServiceTimeout      504: no response in time
        └── UnusableResponse    502: one came, and is too large or not what was asked for
"""

from chassis.errors import TemporarilyUnavailable


class ServiceUnavailable(TemporarilyUnavailable):
    """A service this one needs is unreachable."""

    def __init__(self, service: str, trouble: str = "is unreachable") -> None:
        self.service = service
        super().__init__(f"{service} {trouble}; try again")


class ServiceTimeout(ServiceUnavailable):
    """A service this one needs did not answer in time."""

    status = 504
    error = "timeout"

    def __init__(self, service: str) -> None:
        super().__init__(service, "did not answer in time")


class UnusableResponse(ServiceUnavailable):
    """A service this one needs sent a response that can't be used; `reason` says why.

    The reason names fields, never what stands in them.
    """

    status = 502
    error = "bad_gateway"

    def __init__(self, service: str, reason: str) -> None:
        self.reason = reason
        super().__init__(service, f"sent a response that can't be used ({reason})")
