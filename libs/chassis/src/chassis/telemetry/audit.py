"""The audit log: one JSON line per security event, with who, client, address and trace id.

It has a logger of its own, `chassis.audit`, which `logging.level` cannot silence. Each event is
counted as well, by the application that serves the request (`chassis.telemetry.security_events`).
"""

from enum import StrEnum

import structlog

from chassis.telemetry.security_events import SecurityEvents, background_events
from chassis.telemetry.trace import current_trace

LOGGER = "chassis.audit"
MAX_VALUE = 128
"""Characters of a value that are written: names come from whoever asks, of any length."""

_log = structlog.get_logger(LOGGER)


class AuditEvent(StrEnum):
    """What happened; the values are the label of the metric, so there are few of them."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    CLIENT_REFUSED = "client_authentication_failed"
    THROTTLED = "throttled"
    REFRESH_REUSED = "refresh_token_reused"
    REVOKED = "token_revoked"
    NOT_BEFORE = "not_before_set"
    IDENTITY_CHANGED = "identity_changed"
    RECORD_FORGED = "record_forged"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - the name of an event


_EXPECTED = frozenset(
    (AuditEvent.LOGIN, AuditEvent.REVOKED, AuditEvent.NOT_BEFORE, AuditEvent.IDENTITY_CHANGED)
)
"""What happens on good days: `info`. The rest is a `warning`."""


def audit(
    event: AuditEvent,
    *,
    user: str = "",
    client: str = "",
    address: str = "",
    **details: str | int,
) -> None:
    """Count and write one security event; `details` are bounded words, never a secret or a token.

    In a flood of one event its lines are left out beyond a bound; the next one that is written
    says how many, and the metric has them all.
    """
    events = _events()
    left_out = 0 if events is None else events.observe(event)
    if left_out is None:
        return
    told = {"user": user, "client": client, "address": address, **details}
    if left_out:
        told["left_out"] = left_out
    write = _log.info if event in _EXPECTED else _log.warning
    write("security event", event_type=event.value, **_bounded(told))


def _events() -> SecurityEvents | None:
    """Return where the application that is at work counts; None outside of one."""
    trace = current_trace.get()
    return (trace and trace.security_events) or background_events.get()


def _bounded(values: dict[str, str | int]) -> dict[str, str | int]:
    """Leave out what is empty, and cut what is long; the log's JSON escapes control characters."""
    return {name: _cut(value) for name, value in values.items() if value != ""}


def _cut(value: str | int) -> str | int:
    if isinstance(value, str) and len(value) > MAX_VALUE:
        return f"{value[:MAX_VALUE]}…"
    return value
