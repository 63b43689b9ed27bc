"""A valid token that a client asks about without being in the token's audience.

The caller is not told so (RFC 7662, 4); only the audit log names both sides.
"""

from cas_server.identities.clients import Client
from cas_server.tokens.access_tokens import StoredToken
from chassis.telemetry.audit import AuditEvent, audit


def audit_foreign_token(stored: StoredToken, asked_by: Client, address: str) -> None:
    """Write who asked about whose token; the trace id links the caller's 401 to this line."""
    audit(
        AuditEvent.TOKEN_REFUSED,
        user=stored.user_name,
        client=stored.client_id,
        address=address,
        reason="aud lacks the service that asks",
        asked_by=asked_by.id,
        required_aud=" ".join(sorted(asked_by.checks_for)),
        token_aud=" ".join(stored.audience),
    )
