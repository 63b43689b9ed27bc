"""A bound on guessing: each attempt waits for its turn, is admitted, made, and counted.

Guessing never locks out the owner, whose address has no failures: see `failure_counters` for what
is counted and `fair_queue` for who is next.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import NoReturn

from starlette.types import Scope

from cas_server.bounded_dict import BoundedDict
from cas_server.errors import OAuthError, TooManyFailures, TooManyWaiting
from cas_server.passwords.hashing import HASHES_AT_ONCE
from cas_server.throttling.claimant import Claimant
from cas_server.throttling.failure_counters import (
    QUIET_S,
    Admission,
    Attempt,
    FailureCounters,
    Outcome,
)
from cas_server.throttling.fair_queue import RETRY_AFTER_S, FairQueue, Priority
from cas_server.throttling.local_failure_counters import LocalFailureCounters
from chassis.errors import TemporarilyUnavailable
from chassis.telemetry.audit import AuditEvent

_REMEMBERED = 20_000
_BUSY_S = 0.025
_BUSY_TRIES = 40


def source_address(scope: Scope) -> str:
    """Return the address of the caller, through trusted proxies as `server.forwarded` says."""
    client = scope.get("client")
    return client[0] if client else ""


class Throttle:
    """Admits attempts; a refusal costs no hash, and a repeated one no query of the counters.

    Every attempt is in the audit log with its outcome, unregistered names left out: people type a
    password where the name belongs.
    """

    def __init__(self, counters: FailureCounters | None = None) -> None:
        self._counters = counters or LocalFailureCounters()
        self._queue = FairQueue(HASHES_AT_ONCE, self._priority)
        self._waits: BoundedDict[bytes, float] = BoundedDict(_REMEMBERED)
        self._failed: BoundedDict[Hashable, float] = BoundedDict(_REMEMBERED)
        self._proven: BoundedDict[tuple[Hashable, Hashable], None] = BoundedDict(_REMEMBERED)

    def attempt(self, claimant: Claimant) -> AbstractAsyncContextManager[None]:
        """Try inside the block; an `OAuthError` out of it is counted as a failure.

        Raises `TooManyFailures` (429) where the caller has to wait, and
        `TemporarilyUnavailable` (503) where too many are waiting.
        """
        attempt = Attempt.of(claimant.kind, claimant.name, claimant.address)
        # Nearly all of a flood ends here, before anything is awaited.
        self._refuse_while_waiting(attempt, claimant)
        if not self._queue.has_room(attempt.address, attempt.name):
            _refuse(RETRY_AFTER_S, claimant)
        return self._attempt(attempt, claimant)

    @asynccontextmanager
    async def _attempt(self, attempt: Attempt, claimant: Claimant) -> AsyncIterator[None]:
        if self._priority(attempt.address, attempt.name) is not Priority.FAILED_BEFORE:
            # Failures at other replicas put it further back; who failed here is last already.
            self._apply(await self._counters.look(attempt), attempt, claimant)
        async with self._admitted(attempt, claimant):
            outcome = Outcome.WITHDRAWN
            try:
                yield
                outcome = Outcome.PASSED
            except OAuthError:
                outcome = Outcome.FAILED
                raise
            finally:
                claimant.audit(outcome)
                self._record_outcome(attempt, outcome)
                await self._counters.settle(attempt, outcome)

    @asynccontextmanager
    async def _turn(self, attempt: Attempt, claimant: Claimant) -> AsyncIterator[None]:
        with _refusal_by_cause(claimant):
            async with self._queue.turn(attempt.address, attempt.name):
                yield

    @asynccontextmanager
    async def _admitted(self, attempt: Attempt, claimant: Claimant) -> AsyncIterator[None]:
        """Wait for a turn, and again, further back, where failures have become known by then."""
        while True:
            before = self._priority(attempt.address, attempt.name)
            async with self._turn(attempt, claimant):
                self._refuse_while_waiting(attempt, claimant)
                await self._admit(attempt, claimant)
                if self._priority(attempt.address, attempt.name) <= before:
                    yield
                    return
                await self._counters.settle(attempt, Outcome.WITHDRAWN)

    async def _admit(self, attempt: Attempt, claimant: Claimant) -> None:
        """Query the counters, again while other replicas have attempts of the pair under way."""
        for _ in range(_BUSY_TRIES):
            admission = await self._counters.admit(attempt)
            self._apply(admission, attempt, claimant)
            if not admission.busy:
                return
            await asyncio.sleep(_BUSY_S)
        raise TemporarilyUnavailable("Other attempts on this name are under way; try again")

    def _apply(self, admission: Admission, attempt: Attempt, claimant: Claimant) -> None:
        """Remember the admission; raise `TooManyFailures` where it demands a wait."""
        if admission.clean:
            self._failed.pop(attempt.address, None)
        else:
            self._failed[attempt.address] = time.monotonic() + QUIET_S
        if admission.wait > 0:
            waits = attempt.address if admission.by == "address" else attempt.pair
            self._waits[waits] = time.monotonic() + admission.wait
            _refuse(admission.wait, claimant)

    def _record_outcome(self, attempt: Attempt, outcome: Outcome) -> None:
        """Remember how an attempt ended, for its priority at this replica."""
        if outcome is Outcome.PASSED:
            self._proven[attempt.address, attempt.name] = None
        elif outcome is Outcome.FAILED:
            self._proven.pop((attempt.address, attempt.name), None)
            self._failed[attempt.address] = time.monotonic() + QUIET_S

    def _priority(self, address: Hashable, name: Hashable) -> Priority:
        if (address, name) in self._proven:
            return Priority.PROVEN
        failed = self._failed.get(address)
        return (
            Priority.NEW if failed is None or failed < time.monotonic() else Priority.FAILED_BEFORE
        )

    def _refuse_while_waiting(self, attempt: Attempt, claimant: Claimant) -> None:
        """Refuse a claimant whose wait has not ended."""
        now = time.monotonic()
        for key in (attempt.pair, attempt.address):
            until = self._waits.get(key)
            if until is not None and until > now:
                _refuse(until - now, claimant)


@contextmanager
def _refusal_by_cause(claimant: Claimant) -> Iterator[None]:
    """Turn `TooManyWaiting` into 429 where the caller is its cause; others get 503."""
    try:
        yield
    except TooManyWaiting as error:
        if error.caused_by_caller:
            _refuse(RETRY_AFTER_S, claimant)
        raise


def _refuse(wait: float, claimant: Claimant) -> NoReturn:
    seconds = math.ceil(wait)
    claimant.audit_event(AuditEvent.THROTTLED, retry_after=seconds)
    raise TooManyFailures(seconds)
