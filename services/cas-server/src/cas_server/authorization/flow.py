"""The way of an authorization request: login, consent, code. Nothing is stored before the code."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.types import Scope

from cas_server.authorization.authorization_code import AuthorizationCode, new_code
from cas_server.authorization.authorization_request import (
    AuthorizationRequest,
    Destination,
    destination_of,
    parse,
)
from cas_server.authorization.login_rules import LoginRules
from cas_server.authorization.parameters import Parameters
from cas_server.authorization.redirects import error_to_client, redirect, to_client
from cas_server.authorization.request_macs import CSRF, LOGIN_AFTER, RequestMacs
from cas_server.errors import ConsentRequired, FormOutdated, InvalidGrant, LoginRequired
from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler, Moment
from cas_server.pages.pages import Pages
from cas_server.sessions.consents import Consents
from cas_server.sessions.session import Session
from cas_server.sessions.sessions import Sessions
from cas_server.settings import CasSettings
from cas_server.stores.authorization_codes import AuthorizationCodes, Basis, Writing
from cas_server.tokens.access_tokens import Grant, Stamp, token_hash
from cas_server.tokens.logins import Login
from chassis import LiveConfig
from chassis.errors import AccessDenied, ApiError

AUTHORIZE = "/oauth/authorize"
LOGIN = "/login"
DECISION, ALLOW = "decision", "allow"


@dataclass(frozen=True, slots=True)
class AuthorizationFlow:
    """Responds to authorization requests, and to the decisions of users about them."""

    live: LiveConfig[CasSettings]
    identities: Identities
    reconciler: IdentityReconciler
    codes: AuthorizationCodes
    macs: RequestMacs
    rules: LoginRules
    sessions: Sessions
    consents: Consents
    pages: Pages

    async def begin(self, parameters: Parameters, scope: Scope) -> Response:
        """Respond to a request: a page, the way to the login, or back to the client.

        Raises an `ApiError` where the client can't be told.
        """
        destination = destination_of(parameters, self.identities)
        try:
            request = parse(parameters, destination)
            return await self._decide(request, scope, parameters.values.get(LOGIN_AFTER, ""))
        except ApiError as error:
            return self._refused(destination, error)

    def by_get(self, parameters: Parameters) -> Response:
        """Have the browser send a request again, by GET; raise `ApiError` as `begin` does."""
        destination = destination_of(parameters, self.identities)
        try:
            request = parse(parameters, destination)
        except ApiError as error:
            return self._refused(destination, error)
        return redirect(f"{self._prefix}{AUTHORIZE}?{urlencode(request.parameters)}")

    async def decided(self, parameters: Parameters, scope: Scope) -> Response:
        """Respond to the consent form; raise an `ApiError` where the client can't be told."""
        destination = destination_of(parameters, self.identities)
        try:
            request = parse(parameters, destination)
            moment = await self.reconciler.now()
            session = await self.sessions.current(scope)
        except ApiError as error:
            return self._refused(destination, error)
        csrf = parameters.values.get(CSRF, "")
        if session is None or not self.macs.is_from_form(session.handle, request.parameters, csrf):
            raise FormOutdated
        try:
            if parameters.values.get(DECISION) != ALLOW:
                raise AccessDenied("The user has refused")
            await self.consents.allow(session.user_name, request.client.id, request.scopes)
            return await self._with_code(request, session, moment, has_consent=True)
        except ApiError as error:
            return self._refused(destination, error)

    async def _decide(
        self, request: AuthorizationRequest, scope: Scope, login_after: str
    ) -> Response:
        moment = await self.reconciler.now()
        present = await self.sessions.current(scope)
        asked_after = self.macs.asked_after(request.parameters, login_after)
        session = self.rules.satisfying(request, present, asked_after)
        may_ask = "none" not in request.prompts
        if session is None:
            if not may_ask:
                raise LoginRequired
            return self._to_login(request, present)
        if await self._needs_consent(request, session):
            if not may_ask:
                raise ConsentRequired
            csrf = self.macs.csrf(session.handle, request.parameters)
            return self.pages.consent(request, session, {**request.parameters, CSRF: csrf})
        return await self._with_code(
            request, session, moment, has_consent=request.client.requires_consent
        )

    def _to_login(self, request: AuthorizationRequest, present: Session | None) -> Response:
        """Lead to the login; the way back has a marker that says after which session it counts."""
        handle = "" if present is None else present.handle
        login_after = self.macs.login_after(handle, request.parameters)
        back = urlencode({**request.parameters, LOGIN_AFTER: login_after})
        return redirect(f"{self._prefix}{LOGIN}?{urlencode({'return': f'{AUTHORIZE}?{back}'})}")

    @property
    def _prefix(self) -> str:
        return self.live.settings.server.servlet.context_path.rstrip("/")

    async def _needs_consent(self, request: AuthorizationRequest, session: Session) -> bool:
        client = request.client
        if "consent" in request.prompts or request.destination.is_anybodys:
            return True
        if not client.requires_consent:
            return False
        return not await self.consents.allowed(session.user_name, client.id) >= set(request.scopes)

    async def _with_code(
        self, request: AuthorizationRequest, session: Session, moment: Moment, *, has_consent: bool
    ) -> Response:
        code, client = new_code(), request.client
        basis = Basis(session.hash, has_consent)
        grant = Grant(
            client_id=client.id,
            scopes=request.scopes,
            audience=(),
            authorities=(),
            user_name=session.user_name,
            user_fingerprint=session.user_fingerprint,
            login=Login(session.authenticated_at),
        ).stamped(moment.stamp(client.id))
        stands_for = AuthorizationCode(
            grant,
            redirect_uri=request.destination.redirect_uri,
            code_challenge=request.code_challenge,
            nonce=request.nonce,
            session=session.handle,
        )

        async def write(stamp: Stamp) -> Writing | None:
            return await self.codes.put(token_hash(code), stands_for.stamped(stamp), basis)

        if await self.reconciler.issue(grant, write, load=moment.load) == "ended":
            raise AccessDenied("The session or the consent has ended meanwhile")
        return to_client(request.destination, self.live.settings.issuer, {"code": code})

    def _refused(self, destination: Destination, error: ApiError) -> Response:
        if isinstance(error, InvalidGrant):
            # An error of the token endpoint; here the user or client has changed meanwhile.
            error = AccessDenied(error.description)
        return error_to_client(destination, self.live.settings.issuer, error)
