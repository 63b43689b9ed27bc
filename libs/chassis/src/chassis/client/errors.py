"""What a call to another service ends with when no answer came.

ApiError (chassis.errors)
└── TemporarilyUnavailable      503, with Retry-After
    └── ServiceUnavailable      503: nobody there, or nobody who answers whole
        └── ServiceTimeout      504: no answer in time
"""

from chassis.errors import TemporarilyUnavailable


class ServiceUnavailable(TemporarilyUnavailable):
    """A service this one needs is unreachable."""

    def __init__(self, service: str) -> None:
        self.service = service
        super().__init__(f"{service} {self._trouble}; try again")

    _trouble = "is unreachable"


class ServiceTimeout(ServiceUnavailable):
    """A service this one needs did not answer in time."""

    status = 504
    error = "timeout"
    _trouble = "did not answer in time"
