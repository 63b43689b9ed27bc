"""One line per answer: failures of ours always, everything at `logging.level.chassis.access`."""

import logging

import structlog

_SERVER_ERROR = 500
_NAME = "chassis.access"


class AccessLog:
    """Writes JSON lines with method, route and status; never a query, which may hold a secret.

    At its default level WARNING it writes answers of 500 and above, at INFO every answer.
    """

    def __init__(self) -> None:
        self._level = logging.getLogger(_NAME)
        self._log = structlog.get_logger(_NAME)

    def wants(self, status: int) -> bool:
        """Tell whether an answer of this status is written."""
        return status >= _SERVER_ERROR or self._level.isEnabledFor(logging.INFO)

    def write(self, method: str, uri: str, status: int, seconds: float) -> None:
        """Write one line."""
        write = self._log.warning if status >= _SERVER_ERROR else self._log.info
        write("answered", method=method, uri=uri, status=status, ms=round(seconds * 1000, 2))
