"""The security filter: every request needs a valid token, except on open paths."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.config.live import LiveConfig
from chassis.config.profiles import in_development
from chassis.errors import ApiError, error_response
from chassis.security.authentication import Authentication, RemembersTokens, TokenServices
from chassis.security.bearer import BearerToken, bearer_token, refuse_token_in_uri
from chassis.security.errors import ForeignToken, Unauthenticated
from chassis.security.paths import path_patterns
from chassis.telemetry.audit import AuditEvent, audit

Enrich = Callable[[Authentication], Awaitable[Authentication]]
Refusal = Callable[[ApiError], ASGIApp]
_CHECKED = frozenset({"http", "websocket"})
_AUTHENTICATION = "authentication"
_TOKEN = "access_token"  # noqa: S105 - the name of a key


class SecurityFilter:
    """Attach the caller's `Authentication` to each request, or respond with an error.

    `open_paths` (with their subpaths if they end with a slash), `security.path.ignores`, and
    `open_under_dev` in development need no token, and a token is not checked there. `enrich` may
    replace the authentication by one with more details (Spring's `UserDetailsService`). `refusal`
    renders an error.
    """

    def __init__(
        self,
        app: ASGIApp,
        live: LiveConfig[Any],
        token_services: TokenServices,
        *,
        open_paths: Sequence[str] = (),
        open_under_dev: Sequence[str] = (),
        enrich: Enrich | None = None,
        refusal: Refusal = error_response,
    ) -> None:
        self._app, self._live, self._token_services = app, live, token_services
        self._remembered: Callable[[str], Authentication | None] = _nothing
        if isinstance(token_services, RemembersTokens):
            self._remembered = token_services.remembered
        self._open_paths, self._enrich = frozenset(open_paths), enrich
        self._refusal = refusal
        self._open_under_dev = frozenset(open_under_dev)
        self._open_folders = tuple(path for path in open_paths if path.endswith("/"))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Check one request; pass on anything but HTTP and WebSocket (lifespan).

        A caller whose token was checked before costs no coroutine.
        """
        if scope["type"] not in _CHECKED or self.is_open(scope["path"]):
            return self._app(scope, receive, send)
        try:
            token = _token(scope)
            known = self._remembered(token.value)
        except ApiError as error:
            return self._refuse(error, scope, receive, send)
        if known is None or self._enrich is not None:
            return self._checked(token, known, scope, receive, send)
        _admit(scope, known, token)
        return self._app(scope, receive, send)

    def is_open(self, path: str) -> bool:
        """Return whether a path needs no token."""
        if path in self._open_paths or path.startswith(self._open_folders):
            return True
        if path in self._open_under_dev and in_development(self._live.current.profiles):
            return True
        return path_patterns(self._live.settings.security.path.ignores).match(path)

    async def _checked(
        self,
        token: BearerToken,
        known: Authentication | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        try:
            authentication = known or await self._token_services.authenticate(token.value)
            if self._enrich is not None:
                authentication = await self._enrich(authentication)
        except ApiError as error:
            await self._refuse(error, scope, receive, send)
            return
        _admit(scope, authentication, token)
        await self._app(scope, receive, send)

    async def _refuse(self, error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(error, ForeignToken):
            _audit(error, scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": error.error})
            return
        await self._refusal(error)(scope, receive, send)


def _nothing(_: str) -> Authentication | None:
    return None


def _token(scope: Scope) -> BearerToken:
    """Return the token of a request; raise the error of a request without one."""
    refuse_token_in_uri(scope.get("query_string", b""))
    token = bearer_token(scope["headers"])
    if token is None:
        raise Unauthenticated
    return token


def _admit(scope: Scope, authentication: Authentication, token: BearerToken) -> None:
    state = scope.setdefault("state", {})
    state[_AUTHENTICATION] = authentication
    state[_TOKEN] = token


def caller(scope: Scope) -> Authentication | None:
    """Return the caller that the filter identified."""
    found: Authentication | None = scope.get("state", {}).get(_AUTHENTICATION)
    return found


def caller_token(scope: Scope) -> BearerToken | None:
    """Return the token that the filter checked; use it only to relay it."""
    found: BearerToken | None = scope.get("state", {}).get(_TOKEN)
    return found


def _audit(error: ForeignToken, scope: Scope) -> None:
    """Log the token's owner and audience, which the response omits (RFC 6750, 3.1)."""
    token = error.authentication
    audit(
        AuditEvent.TOKEN_REFUSED,
        user=token.user_name or "",
        client=token.client_id,
        address=(scope.get("client") or ("",))[0],
        reason="aud lacks this service",
        required_aud=error.resource_id,
        token_aud=" ".join(sorted(token.audience)) or "(none)",
    )
