"""One call to a named service: look-up, pool, deadline, and retries within a budget.

The retry policy for every caller (docs/design/reliability.md, "Calls to other services"):

- connection failed: retry any method, since nothing was sent;
- connection broken: retry if the call is idempotent;
- 502, 503, 504: retry once if the call is idempotent;
- timeout, or response too large: fail at once.

Each retry opens a new connection and costs a token of the budget. A load balancer may route a new
connection to the dead replica until it notices. Hence there are up to `_MAX_ATTEMPTS` attempts
with exponential back-off, about a second in all.
"""

import asyncio
import random
from dataclasses import dataclass, field

import structlog

from chassis.client.content_coding import too_large
from chassis.client.errors import ServiceTimeout, ServiceUnavailable, UnusableResponse
from chassis.client.retry_budget import RetryBudget
from chassis.client.target import Target
from chassis.deadlines import Deadline, Deadlines
from chassis.discovery import Discovery, DiscoveryError
from chassis.telemetry.trace import current_trace
from chassis.transport import (
    BrokenConnectionError,
    ConnectFailedError,
    EncodedRequest,
    Headers,
    Origin,
    Pool,
    RawRequest,
    RawResponse,
    ResponseTooLargeError,
    TransportError,
)

_MAX_ATTEMPTS = 8
_FIRST_PAUSE = 0.02
_RETRIED_STATUSES = frozenset({502, 503, 504})

Request = RawRequest | EncodedRequest
_Outcome = RawResponse | TransportError

_log = structlog.get_logger("chassis.client")


@dataclass(slots=True)
class Caller:
    """Send requests to services by name, concurrently; `timeout` in seconds."""

    discovery: Discovery
    pool: Pool
    budget: RetryBudget
    timeout: float
    _deadlines: Deadlines = field(init=False, default_factory=lambda: Deadlines(0))

    async def call(self, target: Target, request: Request, *, idempotent: bool) -> RawResponse:
        """Return the service's response, whatever its status.

        Raises `ServiceUnavailable` (503) without a response, `ServiceTimeout` (504) if it is late,
        `UnusableResponse` (502) if it is too large.
        """
        self.budget.earn()
        try:
            with self._deadline():
                return await self._attempts(target, request, idempotent=idempotent)
        except TimeoutError:
            _log.warning("service call timed out", service=target.name, timeout_s=self.timeout)
            raise ServiceTimeout(target.name) from None
        except ResponseTooLargeError:
            reason = too_large(self.pool.max_response)
            _log.warning("service call failed", service=target.name, reason=reason)
            raise UnusableResponse(target.name, reason) from None
        except (DiscoveryError, TransportError) as error:
            _log.warning("service call failed", service=target.name, reason=str(error))
            raise ServiceUnavailable(target.name) from error

    def _deadline(self) -> Deadline:
        if self._deadlines.seconds != self.timeout:
            self._deadlines = Deadlines(self.timeout)  # the others go on for the calls they have
        return self._deadlines.begin()

    async def _attempts(self, target: Target, request: Request, *, idempotent: bool) -> RawResponse:
        data = request.encode(_trace_headers())
        is_head = request.method == b"HEAD"
        attempt = 0
        while True:
            outcome = await self._try(target, data, fresh=attempt > 0, is_head=is_head)
            if not (
                _may_try_again(outcome, attempt, idempotent=idempotent) and self.budget.spend()
            ):
                break
            await asyncio.sleep(_pause(attempt))
            attempt += 1
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome

    async def _try(self, target: Target, data: bytes, *, fresh: bool, is_head: bool) -> _Outcome:
        address = await self.discovery.resolve(target.host, target.port)
        origin = Origin(address.host, address.port, target.host if target.tls else None)
        try:
            return await self.pool.exchange(origin, data, fresh=fresh, is_head=is_head)
        except TransportError as error:
            if isinstance(error, ConnectFailedError):
                self.discovery.report_failure(address)
            return error


def _trace_headers() -> Headers:
    """Return the trace of the current request, so that the called service continues it."""
    trace = current_trace.get()
    return [(b"traceparent", trace.traceparent().encode("ascii"))] if trace else ()


def _may_try_again(
    outcome: RawResponse | TransportError, attempt: int, *, idempotent: bool
) -> bool:
    if isinstance(outcome, RawResponse):
        return idempotent and attempt == 0 and outcome.status in _RETRIED_STATUSES
    if attempt + 1 == _MAX_ATTEMPTS:
        return False
    broken = isinstance(outcome, BrokenConnectionError)
    return isinstance(outcome, ConnectFailedError) or (idempotent and broken)


def _pause(attempt: int) -> float:
    """Return the seconds before the next attempt: 0, then doubling with jitter."""
    if attempt == 0:
        return 0.0
    longest = _FIRST_PAUSE * 2.0 ** (attempt - 1)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  # spreading needs no secrecy
