"""The audit log: one JSON line per security event, with user, client, address and trace id.

Its logger is `chassis.audit`, which `logging.level` cannot silence. The application also counts
each event (`chassis.telemetry.security_events`).
"""

from enum import StrEnum

import structlog

from chassis.telemetry.security_events import SecurityEvents, background_events
from chassis.telemetry.trace import current_trace

LOGGER = "chassis.audit"
MAX_VALUE = 128
"""Characters of a value that are written: callers send names of any length."""

_log = structlog.get_logger(LOGGER)


class AuditEvent(StrEnum):
    """The security events; the values are labels of a metric, hence few."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    CLIENT_REFUSED = "client_authentication_failed"
    THROTTLED = "throttled"
    REFRESH_REUSED = "refresh_token_reused"
    CODE_REUSED = "authorization_code_reused"
    REVOKED = "token_revoked"
    ENDED = "ended_by_administrator"
    NOT_BEFORE = "not_before_set"
    IDENTITY_CHANGED = "identity_changed"
    KEY_ROTATED = "signing_key_rotated"
    SESSION_ENDED = "session_ended"
    CONSENT_GIVEN = "consent_given"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    RECORD_FORGED = "record_forged"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - the name of an event


_EXPECTED = frozenset(
    (
        *(AuditEvent.LOGIN, AuditEvent.REVOKED, AuditEvent.NOT_BEFORE, AuditEvent.IDENTITY_CHANGED),
        *(AuditEvent.SESSION_ENDED, AuditEvent.CONSENT_GIVEN, AuditEvent.CONSENT_WITHDRAWN),
        *(AuditEvent.ENDED, AuditEvent.KEY_ROTATED),
    )
)
"""Normal events, logged as `info`; the others are a `warning`."""


def audit(
    event: AuditEvent,
    *,
    user: str = "",
    client: str = "",
    address: str = "",
    **details: str | int,
) -> None:
    """Count and log a security event; `details` are short values, never a secret or a token.

    A flood of one event is rate-limited: the next line that is written has the number of lines
    left out, and the metric counts all events.
    """
    events = _events()
    left_out = 0 if events is None else events.observe(event)
    if left_out is None:
        return
    fields = {"user": user, "client": client, "address": address, **details}
    if left_out:
        fields["left_out"] = left_out
    write = _log.info if event in _EXPECTED else _log.warning
    write("security event", event_type=event.value, **_bounded(fields))


def _events() -> SecurityEvents | None:
    """Return the counters of the current application; None outside of one."""
    trace = current_trace.get()
    return (trace and trace.security_events) or background_events.get()


def _bounded(values: dict[str, str | int]) -> dict[str, str | int]:
    """Drop empty values, and truncate long ones; JSON escapes control characters."""
    return {name: _cut(value) for name, value in values.items() if value != ""}


def _cut(value: str | int) -> str | int:
    if isinstance(value, str) and len(value) > MAX_VALUE:
        return f"{value[:MAX_VALUE]}…"
    return value
