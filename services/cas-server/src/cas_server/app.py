"""The application: what it stands on, and where its endpoints are."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from redis.asyncio import Redis
from starlette.types import ASGIApp

import chassis
from cas_server.authentication.client_authentication import ClientAuthentication
from cas_server.authentication.local_token_services import LocalTokenServices
from cas_server.endpoints import user
from cas_server.endpoints.check_token import CheckToken
from cas_server.endpoints.introspect import Introspect
from cas_server.endpoints.metadata import WELL_KNOWN, Metadata
from cas_server.endpoints.revoke import Revoke
from cas_server.endpoints.token import Token
from cas_server.grants import Issuing, grant_types
from cas_server.identities.identities import Identities
from cas_server.identities.not_before import Continuity
from cas_server.passwords.hashing import PasswordPool
from cas_server.settings import CasSettings
from cas_server.stores.redis_connection import connect
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.stores.token_store import TokenStore
from cas_server.throttling.shared_failure_counters import (
    RedisFailureCounters,
    SharedFailureCounters,
)
from cas_server.throttling.throttle import Throttle
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig
from chassis.discovery import create_discovery


def create_app(live: LiveConfig[CasSettings], *, store: TokenStore | None = None) -> FastAPI:
    """Build the authorization server; without `store`, on the Redis of its configuration.

    The store is closed with the application.
    """
    issuing = _issuing(live, store)
    return chassis.create_app(
        live,
        title="cas-server",
        version=version("suite-cas-server"),
        routers=[user.router],
        lifespan=_Lifespan(issuing),
        token_services=LocalTokenServices(issuing.identities, issuing.store),
        fast_paths=_endpoints(issuing),
        ready_checks={"redis": issuing.store.ping},
    )


def _issuing(live: LiveConfig[CasSettings], store: TokenStore | None = None) -> Issuing:
    keys, identities = RecordKeys(live), Identities(live)
    redis = _redis(live) if store is None else None
    kept = store or _redis_store(live, redis, keys)
    continuity = Continuity(identities, kept, live)
    return Issuing(live, identities, PasswordPool(), _throttle(redis), kept, keys, continuity)


def _redis(live: LiveConfig[CasSettings]) -> Redis:
    discovery = create_discovery(live.settings.discovery, live.source.environ)
    return connect(live.settings.spring.redis, discovery)


def _redis_store(
    live: LiveConfig[CasSettings], redis: Redis | None, keys: RecordKeys
) -> TokenStore:
    settings = live.settings
    timeout = settings.spring.redis.timeout
    return RedisTokenStore(redis or _redis(live), settings.durability, keys, timeout=timeout)


def _throttle(redis: Redis | None) -> Throttle:
    """Count in the Redis of the token store, which all replicas share."""
    return Throttle(None if redis is None else SharedFailureCounters(RedisFailureCounters(redis)))


def _endpoints(issuing: Issuing) -> Mapping[str, ASGIApp]:
    """Return the endpoints that authenticate their callers themselves, by path."""
    live, identities, store = issuing.live, issuing.identities, issuing.store
    authentication = ClientAuthentication(identities, issuing.passwords, issuing.throttle)
    grants = grant_types(issuing)
    return {
        "/oauth/check_token": _check_token(live, CheckToken(authentication, identities, store)),
        "/oauth/introspect": Introspect(authentication, identities, store, live),
        "/oauth/revoke": Revoke(authentication, store, issuing.keys),
        "/oauth/token": Token(authentication, grants, issuing.continuity),
        **dict.fromkeys((WELL_KNOWN, f"{WELL_KNOWN}/"), Metadata(live, grants)),
    }


def _check_token(live: LiveConfig[CasSettings], endpoint: CheckToken) -> CheckToken:
    """Let `check-token-access` narrow: `denyAll()` closes the endpoint, from each reload on."""

    def apply(settings: CasSettings) -> None:
        access = settings.security.oauth2.authorization.check_token_access
        endpoint.open = access != "denyAll()"

    apply(live.settings)
    live.on_change(lambda snapshot: apply(snapshot.settings))
    return endpoint


class _Lifespan:
    """Compares each load with the store meanwhile; what is open at the end is closed."""

    def __init__(self, issuing: Issuing) -> None:
        self._issuing = issuing

    @asynccontextmanager
    async def __call__(self, _: FastAPI) -> AsyncIterator[None]:
        comparing = asyncio.create_task(self._issuing.continuity.run(), name="not-before")
        try:
            yield
        finally:
            comparing.cancel()
            await asyncio.wait([comparing])
            self._issuing.passwords.close()
            await self._issuing.store.aclose()
