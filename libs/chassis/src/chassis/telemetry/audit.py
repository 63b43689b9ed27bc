"""The audit log: one JSON line per security event, with who, client, address and trace id.

It has a logger of its own, `chassis.audit`, which `logging.level` cannot silence.
"""

from enum import StrEnum

import structlog

_log = structlog.get_logger("chassis.audit")


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


def audit(
    event: AuditEvent,
    *,
    user: str = "",
    client: str = "",
    address: str = "",
    **details: str | int,
) -> None:
    """Write one security event; `details` are bounded words, never a secret or a token."""
    who = {"user": user, "client": client, "address": address}
    told = {name: value for name, value in who.items() if value}
    _log.warning("security event", event_type=event.value, **told, **details)
