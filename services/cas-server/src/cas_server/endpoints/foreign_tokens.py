"""A live token in the wrong hands: asked about by a client whose audience it does not have.

The caller learns nothing of it (RFC 7662, 4), so only this log can name both sides.
"""

from starlette.types import Scope

from cas_server.identities.clients import Client
from cas_server.throttling.throttle import source_address
from cas_server.tokens.access_tokens import StoredToken
from chassis.telemetry.audit import AuditEvent, audit


def audit_foreign_token(stored: StoredToken, asked_by: Client, scope: Scope) -> None:
    """Write who asked about whose token; the caller's trace leads from its 401 to this line."""
    audit(
        AuditEvent.TOKEN_REFUSED,
        user=stored.user_name,
        client=stored.client_id,
        address=source_address(scope),
        reason="aud lacks the service that asks",
        asked_by=asked_by.id,
        required_aud=" ".join(sorted(asked_by.checks_for)),
        token_aud=" ".join(stored.audience),
    )
