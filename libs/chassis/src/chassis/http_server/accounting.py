"""What is recorded of every request, however it is served: trace, metrics, access log, faults.

It also counts concurrent requests: beyond `server.limit-concurrency` the response is 503, because
an unbounded queue would turn overload into timeouts.
"""

import structlog

from chassis.errors import ApiError, ServerError, TemporarilyUnavailable
from chassis.telemetry.access_log import AccessLog
from chassis.telemetry.request_metrics import RequestMetrics
from chassis.telemetry.security_events import SecurityEvents
from chassis.telemetry.trace import Trace

_log = structlog.get_logger("chassis.request")


class Accounting:
    """The requests of one application."""

    def __init__(
        self,
        metrics: RequestMetrics,
        security_events: SecurityEvents,
        access_log: AccessLog,
        *,
        limit: int,
    ) -> None:
        self._metrics, self._access_log, self._limit = metrics, access_log, limit
        self._security_events = security_events
        self.in_flight = 0

    @property
    def is_full(self) -> bool:
        """Return whether one more request would be too many."""
        return self.in_flight >= self._limit

    def trace(self, traceparent: bytes | None) -> Trace:
        """Return the trace of a request, with the counters of this application."""
        trace = Trace(traceparent)
        trace.security_events = self._security_events
        return trace

    def record(self, method: str, uri: str, status: int, seconds: float) -> None:
        """Count a response, and log it as the access log is configured; `uri` is a template."""
        self._metrics.observe(method, uri, status, seconds)
        if self._access_log.wants(status):
            self._access_log.write(method, uri, status, seconds)


def overloaded() -> ApiError:
    """Return the error for a request beyond the limit."""
    return TemporarilyUnavailable("Too many concurrent requests; try again")


def ending() -> ApiError:
    """Return the error for a request that the end of `server.shutdown-timeout` cancels."""
    return TemporarilyUnavailable("This replica is shutting down; try again")


def as_response(error: Exception, method: str, uri: str) -> ApiError:
    """Return what a caller is told of an error; one that is not for callers is logged."""
    if isinstance(error, ApiError):
        return error
    _log.error("unhandled error", method=method, uri=uri, exc_info=error)
    return ServerError()
