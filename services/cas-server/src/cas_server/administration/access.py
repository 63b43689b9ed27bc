"""Who may administer: the rules beyond the scope and authority that a route requires."""

from ipaddress import ip_address

from fastapi import Request

from cas_server.administration.operator_token import Operator
from cas_server.settings import CasSettings
from chassis import Authentication, LiveConfig
from chassis.app.middleware.forwarded import NO_PORT
from chassis.errors import AccessDenied, InvalidToken, NotFound
from chassis.security.errors import Unauthenticated
from chassis.security.filter import caller
from chassis.telemetry.audit import AuditEvent, audit

_OFF = "Administration with access tokens is off; set administration.enabled, or ask in the pod"


class AdministrationAccess:
    """Admit an operator in the pod, and tokens for this server where administration is on."""

    def __init__(self, live: LiveConfig[CasSettings]) -> None:
        self._live = live

    async def __call__(self, request: Request) -> None:
        """Raise an `ApiError` for a caller who may not."""
        found = caller(request.scope)
        if found is None:
            raise Unauthenticated
        if isinstance(found, Operator):
            _require_own_pod(request)
        elif not self.is_on:
            raise NotFound(_OFF)
        else:
            self._require_audience(found, request)

    @property
    def is_on(self) -> bool:
        """Return whether access tokens may administer; under `prod` only where that is set."""
        enabled = self._live.settings.administration.enabled
        return "prod" not in self._live.current.profiles if enabled is None else enabled

    def _require_audience(self, found: Authentication, request: Request) -> None:
        """Raise `InvalidToken` for a token that is for other servers (RFC 9068, 4)."""
        audience = self._live.settings.administration.audience
        if audience in found.audience:
            return
        audit(
            AuditEvent.TOKEN_REFUSED,
            user=found.user_name or "",
            client=found.client_id,
            address=address_of(request),
            reason="aud lacks the administration",
            required_aud=audience,
            token_aud=" ".join(sorted(found.audience)),
        )
        raise InvalidToken


def address_of(request: Request) -> str:
    """Return the address that counts as the caller's."""
    return request.client.host if request.client else ""


def _require_own_pod(request: Request) -> None:
    """Raise `AccessDenied` for an operator's token from elsewhere: it has left the pod."""
    address, server = address_of(request), (request.scope.get("server") or ("",))[0]
    # Without a port it is what a proxy says, not where the request came from.
    is_told = request.client is not None and request.client.port == NO_PORT
    if is_told or (address != server and not _is_loopback(address)):
        raise AccessDenied("A token of the pod's own commands is for its own addresses only")


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
