"""The application: its parts, wired once, and where its endpoints are."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp

import chassis
from cas_server.administration.holdings import Administration
from cas_server.administration.operator_token import OperatorTokens
from cas_server.administration.people_holdings import PeopleHoldings
from cas_server.authentication.client_authentication import ClientAuthentication
from cas_server.authentication.local_token_services import LocalTokenServices
from cas_server.authentication.user_authentication import UserAuthentication
from cas_server.authorization.flow import AUTHORIZE, AuthorizationFlow
from cas_server.authorization.login_rules import LoginRules
from cas_server.authorization.request_macs import RequestMacs
from cas_server.endpoints import keys, metadata, openapi, user
from cas_server.endpoints.administration import AdministrationEndpoints
from cas_server.endpoints.administration_sessions import SessionAdministration
from cas_server.endpoints.authorize import CONSENT, Authorize, Consent
from cas_server.endpoints.check_token import CheckToken
from cas_server.endpoints.end_session import CONFIRMED, END_SESSION, EndSession, LogoutConfirmed
from cas_server.endpoints.introspect import Introspect
from cas_server.endpoints.people import PAGE_PATHS, People
from cas_server.endpoints.refusals import Refusal
from cas_server.endpoints.revoke import Revoke
from cas_server.endpoints.token import Token
from cas_server.endpoints.userinfo import USERINFO, UserInfo
from cas_server.grants import GrantContext, grant_types
from cas_server.grants.access_only import AccessOnly
from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler
from cas_server.oidc.id_token_hints import IdTokenHints
from cas_server.oidc.id_tokens import IdTokens
from cas_server.passwords.hashing import PasswordPool
from cas_server.settings import CasSettings
from cas_server.signing.key_rotation import KeyRotation, ToldToSign, is_mounted
from cas_server.signing.signing_keys import SigningKeys
from cas_server.stores.redis_authorization_codes import RedisAuthorizationCodes
from cas_server.stores.redis_connection import connect
from cas_server.stores.redis_holdings import RedisHoldings
from cas_server.stores.redis_py import ConnectionPool
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.throttling.shared_failure_counters import (
    RedisFailureCounters,
    SharedFailureCounters,
)
from cas_server.throttling.throttle import Throttle
from cas_server.tokens.jwt_access_tokens import AccessTokenValues
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig
from chassis.discovery import create_discovery

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path


def create_app(live: LiveConfig[CasSettings]) -> FastAPI:
    """Build the authorization server on the Redis of its configuration."""
    identities, pool = Identities(live), _redis(live)
    signing = SigningKeys(live, ToldToSign(identities).since)
    store, published = _store(live, pool), keys.PublishedKeys(signing)
    context = _context(identities, signing, store, pool, live)
    people = People.of(context, store.commands)
    administration = _administration(context, store)
    return chassis.create_app(
        live,
        title="cas-server",
        version=version("suite-cas-server"),
        routers=[
            *(metadata.router, user.router, published.router()),
            _administration_endpoints(context, administration, people, signing).router(),
        ],
        lifespan=partial(_lifespan, context),
        token_services=LocalTokenServices(
            context.identities, context.store, OperatorTokens(live, context.keys).read
        ),
        open_paths=(*metadata.OPEN_PATHS, *keys.OPEN_PATHS),
        fast_paths=_endpoints(context, people, administration, IdTokenHints(live, signing)),
        openapi=partial(openapi.document, live),
        token_path=TOKEN_PATH,
        authorization_path=AUTHORIZE,
        ready_checks={"redis": context.store.ping},
        navigation_paths=(AUTHORIZE, *PAGE_PATHS),
        refusal=partial(Refusal, people.pages),
    )


def _redis(live: LiveConfig[CasSettings]) -> ConnectionPool:
    discovery = create_discovery(live.settings.discovery, live.source.environ)
    return connect(live.settings.spring.redis, discovery)


def _store(live: LiveConfig[CasSettings], pool: ConnectionPool) -> RedisTokenStore:
    return RedisTokenStore(
        pool,
        live.settings.durability,
        RecordKeys(live),
        timeout=live.settings.spring.redis.timeout,
        compact=lambda: live.settings.compact_records,
    )


def _context(
    identities: Identities,
    signing: SigningKeys,
    store: RedisTokenStore,
    pool: ConnectionPool,
    live: LiveConfig[CasSettings],
) -> GrantContext:
    # All replicas share the Redis of the token store, and so the counts of failures.
    throttle = Throttle(SharedFailureCounters(RedisFailureCounters(pool)))
    passwords = PasswordPool()
    values = AccessTokenValues(live, signing)
    reconciler = IdentityReconciler(identities, store, live, partial(is_mounted, signing))
    return GrantContext(
        live,
        identities,
        passwords,
        throttle,
        store,
        store.keys,
        values,
        IdTokens(live, signing),
        reconciler,
        RedisAuthorizationCodes(store),
        UserAuthentication(identities, passwords, throttle),
        AccessOnly(store, values, reconciler),
    )


def _administration(context: GrantContext, store: RedisTokenStore) -> Administration:
    holdings = RedisHoldings(store.commands, context.keys)
    return Administration(holdings, store, context.identities, context.reconciler, context.codes)


def _administration_endpoints(
    context: GrantContext, administration: Administration, people: People, signing: SigningKeys
) -> AdministrationEndpoints:
    of_people = PeopleHoldings(people.sessions, people.consents, context.codes)
    of_sessions = SessionAdministration(context.identities, of_people)
    rotation = KeyRotation(signing, context.reconciler, administration.follow)
    return AdministrationEndpoints(context.live, administration, of_sessions, signing, rotation)


def _endpoints(
    context: GrantContext, people: People, administration: Administration, hints: IdTokenHints
) -> Mapping[str, ASGIApp]:
    """Return the endpoints that authenticate their callers themselves, by path."""
    live, identities, store = context.live, context.identities, context.store
    authentication = ClientAuthentication(identities, context.passwords, context.throttle)
    flow = _flow(context, people, LoginRules(hints))
    return {
        "/oauth/check_token": CheckToken(authentication, identities, store, live),
        "/oauth/introspect": Introspect(authentication, identities, store, live),
        "/oauth/revoke": Revoke(authentication, store, context.keys),
        USERINFO: UserInfo(LocalTokenServices(identities, store), identities),
        TOKEN_PATH: Token(authentication, grant_types(context), context.reconciler),
        AUTHORIZE: Authorize(flow),
        CONSENT: Consent(flow, people.guard),
        **people.endpoints(context, administration),
        **_logout(people, identities, hints),
    }


def _logout(people: People, identities: Identities, hints: IdTokenHints) -> Mapping[str, ASGIApp]:
    parts = people.pages, people.guard, people.sessions, identities, hints
    return {END_SESSION: EndSession(*parts), CONFIRMED: LogoutConfirmed(*parts)}


def _flow(context: GrantContext, people: People, rules: LoginRules) -> AuthorizationFlow:
    """Return the authorization code flow with the sessions and consents that it needs."""
    return AuthorizationFlow(
        context.live,
        context.identities,
        context.reconciler,
        context.codes,
        RequestMacs(context.keys),
        rules,
        people.sessions,
        people.consents,
        people.pages,
    )


@asynccontextmanager
async def _lifespan(context: GrantContext, _: FastAPI) -> AsyncIterator[None]:
    """Compare each load of the configuration with the store; at the end close what is open."""
    comparing = asyncio.create_task(context.reconciler.run(), name="not-before")
    try:
        yield
    finally:
        comparing.cancel()
        await asyncio.wait([comparing])
        context.passwords.close()
        await context.store.aclose()
