"""The access log: one line per response with status 500 and above, or per every response."""

import logging

import structlog

_SERVER_ERROR = 500
_NAME = "chassis.access"


class AccessLog:
    """Write method, route and status; never a query, which may contain a secret.

    The level of `chassis.access` is WARNING by default, for responses of 500 and above; at INFO
    every response is written.
    """

    def __init__(self) -> None:
        self._level = logging.getLogger(_NAME)
        self._log = structlog.get_logger(_NAME)

    def wants(self, status: int) -> bool:
        """Return whether a response with this status is written."""
        return status >= _SERVER_ERROR or self._level.isEnabledFor(logging.INFO)

    def write(self, method: str, uri: str, status: int, seconds: float) -> None:
        """Write one line."""
        write = self._log.warning if status >= _SERVER_ERROR else self._log.info
        write("answered", method=method, uri=uri, status=status, ms=round(seconds * 1000, 2))
