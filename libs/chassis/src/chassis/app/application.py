"""Create the FastAPI application of a service."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import anyio
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.app.api_docs.api_docs import DOCS_PATHS, ApiDocs
from chassis.app.direct_paths import direct_paths
from chassis.app.direct_routes import include_router
from chassis.app.error_handlers import install_error_handlers
from chassis.app.health import Health, ReadyCheck
from chassis.app.idle_layers import ShortWay
from chassis.app.management import MANAGEMENT_PATHS
from chassis.app.middleware import (
    WELL_KNOWN,
    BodyLimit,
    ContextPath,
    CorsHeaders,
    FastPaths,
    Faults,
    HeadRequests,
    JsonBodies,
    PathCheck,
    Preflights,
    RequestLayer,
    SourceAddress,
)
from chassis.app.openapi import ServiceDocument
from chassis.app.service_app import ServiceApp
from chassis.app.state import Chassis
from chassis.client.service_clients import ServiceClients
from chassis.config.live import LiveConfig, Snapshot
from chassis.config.metrics import ConfigCollector
from chassis.errors import ApiError, NotFound, error_response
from chassis.http_server.accounting import Accounting
from chassis.security.authentication import Authentication, TokenServices
from chassis.security.filter import SecurityFilter
from chassis.telemetry.access_log import AccessLog
from chassis.telemetry.audit import AuditEvent
from chassis.telemetry.logs import set_levels
from chassis.telemetry.request_metrics import RequestMetrics
from chassis.telemetry.security_events import SecurityEvents
from chassis.token_services.modes import create_token_services

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
UserDetails = Callable[[Authentication], Awaitable[Authentication]]


def create_app(
    live: LiveConfig[Any],
    *,
    title: str,
    version: str,
    routers: Sequence[APIRouter] = (),
    lifespan: Lifespan | None = None,
    token_services: TokenServices | None = None,
    user_details: UserDetails | None = None,
    open_paths: Sequence[str] = (),
    fast_paths: Mapping[str, ASGIApp] | None = None,
    openapi: Callable[[], Mapping[str, Any]] = dict,
    token_path: str | None = None,
    authorization_path: str | None = None,
    ready_checks: Mapping[str, ReadyCheck] | None = None,
    navigation_paths: Sequence[str] = (),
    refusal: Callable[[ApiError], ASGIApp] = error_response,
) -> FastAPI:
    """Create an application with a live configuration.

    `lifespan` opens and closes the service's own resources. Without `token_services` the
    authorization server in `security.oauth2.resource` checks bearer tokens. `open_paths` never need
    a token; a trailing slash includes subpaths. `fast_paths` bypass the security filter and
    FastAPI; `openapi` returns their part of the OpenAPI document. `token_path` and
    `authorization_path` are the service's own token and authorization endpoint, if it has them.
    CORS is never on for what begins with one of `navigation_paths`. `refusal` renders the errors of
    the security filter, for a service that has pages.
    """
    chassis = _chassis(live, title, version, token_services, ready_checks or {})
    app = ServiceApp(
        title=title,
        version=version,
        lifespan=_lifespan(chassis, lifespan),
        redirect_slashes=False,  # one path has one meaning, for the security filter too
        openapi_url=None,  # `api_docs` serves the document, and a page without a CDN
        generate_unique_id_function=_operation_id,
    )
    app.state.chassis = chassis
    install_error_handlers(app)
    for router in routers:
        include_router(app, router)
    app.router.routes += ApiDocs(chassis, app.openapi).routes()
    security = SecurityFilter(
        JsonBodies(app.routes_only),
        live,
        chassis.token_services,
        open_paths=open_paths,
        open_under_dev=DOCS_PATHS,
        enrich=user_details,
        refusal=refusal,
    )
    app.document = ServiceDocument(live, security.is_open, openapi, token_path, authorization_path)
    live.on_change(app.forget_openapi)
    accounting = _accounting(chassis)
    app.layers = _layers(
        security, chassis, accounting, _Paths(fast_paths or {}, open_paths, navigation_paths)
    )
    app.direct = direct_paths(live, fast_paths or {}, accounting)
    return app


def _operation_id(route: APIRoute) -> str:
    """Return the name of the handler: the name of a method in generated clients."""
    return route.name


def _chassis(
    live: LiveConfig[Any],
    title: str,
    version: str,
    token_services: TokenServices | None,
    ready_checks: Mapping[str, ReadyCheck],
) -> Chassis:
    clients, registry = ServiceClients(live), _registry(live)
    return Chassis(
        title=title,
        version=version,
        live=live,
        registry=registry,
        security_events=SecurityEvents(AuditEvent, registry),
        health=Health({**clients.ready_checks, **ready_checks}),
        clients=clients,
        token_services=token_services or create_token_services(live, clients),
    )


def _registry(live: LiveConfig[Any]) -> CollectorRegistry:
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    registry.register(ConfigCollector(live))
    return registry


def _accounting(chassis: Chassis) -> Accounting:
    limit = chassis.live.settings.server.limit_concurrency
    metrics = RequestMetrics(chassis.registry)
    return Accounting(metrics, chassis.security_events, AccessLog(), limit=limit)


class _Paths(NamedTuple):
    """The paths of a service that layers treat differently: see `create_app`."""

    fast: Mapping[str, ASGIApp]
    open: Sequence[str]
    navigation: Sequence[str]


def _layers(
    layer: ASGIApp,
    chassis: Chassis,
    accounting: Accounting,
    special: _Paths,
) -> ASGIApp:
    """Wrap the security filter in the other layers, the innermost first."""
    live, server = chassis.live, chassis.live.settings.server
    layer = FastPaths(layer, paths={**_MANAGEMENT_ONLY, **special.fast})
    layer = Faults(layer)
    layer = BodyLimit(layer, limit=server.max_body_size)
    prefix = server.servlet.context_path.strip("/")
    if prefix:
        layer = ContextPath(layer, prefix=prefix)
    inner = SourceAddress(HeadRequests(PathCheck(Preflights(layer))), live=live)
    layer = RequestLayer(inner, live=live, accounting=accounting)
    # These endpoints authenticate callers by the request itself, not by browser credentials.
    paths = (WELL_KNOWN, *special.fast, *special.open)
    base = f"/{prefix}" if prefix else ""
    layer = CorsHeaders(
        layer,
        live,
        without_credentials=(WELL_KNOWN, *(base + path for path in paths)),
        never=[base + path for path in special.navigation],
    )
    exact = {} if prefix else {path: one for path, one in special.fast.items() if path[-1:] != "/"}
    short = BodyLimit(FastPaths(_not_found, paths=exact), limit=server.max_body_size)
    return ShortWay(layer, RequestLayer(short, live=live, accounting=accounting), live, paths=exact)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive, send
    raise NotFound


_MANAGEMENT_ONLY: Mapping[str, ASGIApp] = dict.fromkeys(MANAGEMENT_PATHS, _not_found)
"""404 on the API port, with or without a token."""


def _lifespan(chassis: Chassis, own: Lifespan | None) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            with chassis.security_events.receiving():
                await stack.enter_async_context(_following(chassis.live))
                await stack.enter_async_context(chassis.clients)
                stack.push_async_callback(chassis.token_services.aclose)
                if own is not None:
                    await stack.enter_async_context(own(app))
            yield

    return lifespan


@asynccontextmanager
async def _following(live: LiveConfig[Any]) -> AsyncIterator[None]:
    """Watch the configuration, and apply its log levels."""
    set_levels(live.settings.logging.level)
    live.on_change(_apply_levels)
    stop = anyio.Event()
    task = asyncio.create_task(live.run(stop), name="configuration")
    try:
        yield
    finally:
        stop.set()
        await task


def _apply_levels(snapshot: Snapshot[Any]) -> None:
    set_levels(snapshot.settings.logging.level)
