"""The claimant (NIST SP 800-63): who tries a secret, to the throttle and the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass

from cas_server.throttling.failure_counters import Kind, Outcome
from chassis.telemetry.audit import AuditEvent, audit

_FAILED: Mapping[Kind, AuditEvent] = {
    Kind.CLIENT: AuditEvent.CLIENT_REFUSED,
    Kind.USER: AuditEvent.LOGIN_FAILED,
}


@dataclass(frozen=True, slots=True)
class Claimant:
    """A client or a user, by the name that was given, at an address; `client` is a user's client.

    `exists` says whether the name is registered. An unregistered name is never logged, because
    people type a password where the name belongs.
    """

    kind: Kind
    name: str
    address: str
    exists: bool
    client: str = ""

    def audit(self, outcome: Outcome) -> None:
        """Audit how an attempt ended; of clients only failures, as they authenticate often."""
        if outcome is Outcome.FAILED:
            self.audit_event(_FAILED[self.kind])
        elif outcome is Outcome.PASSED and self.kind is Kind.USER:
            self.audit_event(AuditEvent.LOGIN)

    def audit_event(self, event: AuditEvent, **details: str | int) -> None:
        """Audit an event of this claimant."""
        name = self.name if self.exists else ""
        if not self.exists:
            details["unknown"] = self.kind.value
        user, client = (name, self.client) if self.kind is Kind.USER else ("", name)
        audit(event, user=user, client=client, address=self.address, **details)
