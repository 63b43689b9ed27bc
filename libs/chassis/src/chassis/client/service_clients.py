"""What all calls of a process share, and clients as FastAPI dependencies.

DiffNs = Annotated[ServiceClient, Depends(service_client("diff-ns", auth=TokenRelay()))]
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from fastapi import Request

from chassis.client.auth import CallAuth
from chassis.client.caller import Caller
from chassis.client.client_tokens import ClientTokens
from chassis.client.httpx_transport import service_http
from chassis.client.retry_budget import RetryBudget
from chassis.client.service_client import ServiceClient
from chassis.config.live import LiveConfig, Snapshot
from chassis.config.sections import ClientSettings
from chassis.discovery import Discovery, create_discovery
from chassis.security.bearer import BearerToken
from chassis.security.filter import caller_token
from chassis.transport import Pool, PoolOptions

# A killed replica can break every connection of the pool, and some retries reach it again: enough
# for two retries of each call in progress.
_BUDGET_PER_CONNECTION = 2


class ServiceClients:
    """The connections, the retry budget and the service's own token, as a context manager.

    A reload of the `client` section takes effect at the next call. The caller runs a `discovery`
    that it passes.
    """

    def __init__(self, live: LiveConfig[Any], *, discovery: Discovery | None = None) -> None:
        settings = live.settings
        self.ready_checks: Mapping[str, Callable[[], Awaitable[None]]] = {}
        self._running: AbstractAsyncContextManager[None] = nullcontext()
        if discovery is None:
            discovery = own = create_discovery(
                settings.discovery,
                live.source.environ,
                kubernetes=settings.spring.cloud.kubernetes,
            )
            self.ready_checks, self._running = {"discovery": own.check}, own.running()
        self._client_settings: ClientSettings = settings.client
        self._oauth2_client = settings.security.oauth2.client
        self.caller = Caller(
            discovery=discovery,
            pool=Pool(_pool_options(settings.client)),
            budget=_budget(settings.client),
            timeout=settings.client.timeout,
        )
        self.own_tokens = ClientTokens(live, self.caller)
        self._http = service_http(self.caller)
        live.on_change(self._apply)

    def client(
        self,
        service: str,
        *,
        auth: CallAuth | None = None,
        caller_token: BearerToken | None = None,
    ) -> ServiceClient:
        """Return a client of `service`: a name, `name:port`, or a base URL."""
        base_url = service if "://" in service else f"http://{service}"
        bound = auth.bind(self.own_tokens, caller_token) if auth else None
        return ServiceClient(self._http, base_url, bound)

    async def __aenter__(self) -> Self:
        """Start discovery."""
        await self._running.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self._http.aclose()
        self.caller.pool.retire()
        await self._running.__aexit__(exc_type, exc, traceback)

    def _apply(self, snapshot: Snapshot[Any]) -> None:
        settings = snapshot.settings
        if settings.security.oauth2.client != self._oauth2_client:
            self._oauth2_client = settings.security.oauth2.client
            self.own_tokens.clear()
        if settings.client != self._client_settings:
            self._client_settings = settings.client
            self._replace_pool(settings.client)

    def _replace_pool(self, settings: ClientSettings) -> None:
        self.caller.pool.retire()
        self.caller.pool = Pool(_pool_options(settings))
        self.caller.budget = _budget(settings)
        self.caller.timeout = settings.timeout


def _pool_options(settings: ClientSettings) -> PoolOptions:
    return PoolOptions(
        size=settings.max_connections,
        connect_timeout=settings.connect_timeout,
        keep_alive=settings.keep_alive,
        max_age=settings.max_connection_age,
        max_response=settings.max_response_size,
        source_address=settings.source_address,
    )


def _budget(settings: ClientSettings) -> RetryBudget:
    if settings.retry_budget == 0:
        return RetryBudget(ratio=0, capacity=0, floor=0)
    capacity = settings.max_connections * _BUDGET_PER_CONNECTION
    return RetryBudget(ratio=settings.retry_budget, capacity=capacity)


@dataclass(frozen=True, slots=True)
class _ClientOfRequest:
    service: str
    auth: CallAuth | None

    async def __call__(self, request: Request) -> ServiceClient:
        clients: ServiceClients = request.app.state.chassis.clients
        token = caller_token(request.scope)
        return clients.client(self.service, auth=self.auth, caller_token=token)


def service_client(service: str, *, auth: CallAuth | None = None) -> _ClientOfRequest:
    """Return a dependency that provides a `ServiceClient` for the current request.

    `service` is a name, `name:port`, or a base URL. Without `auth` the call is anonymous.
    """
    return _ClientOfRequest(service, auth)
