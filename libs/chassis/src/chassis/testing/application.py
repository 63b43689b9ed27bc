"""The real application of a service, served to its tests in process or over real HTTP."""

import inspect
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp

from chassis.app.management import ManagementApp
from chassis.config.live import LiveConfig
from chassis.security.authentication import TokenServices
from chassis.testing.auth_server import AuthServer
from chassis.testing.config_directory import ConfigDirectory, Files
from chassis.testing.configured import CreateApp, Settings, configured, service_name
from chassis.testing.discovery_table import DiscoveryTable
from chassis.testing.loopback import listening_on_loopback
from chassis.testing.reloads import followed
from chassis.testing.token_endpoint import token_endpoint
from chassis.testing.token_services import SelfContainedTokenServices

_PATIENCE_S = 60.0
"""The deadline of a request to an application that hangs."""

Mount = ConfigDirectory | Path | Files


class Served(httpx.AsyncClient):
    """A client of a served application, whose requests need no host: `orders.get("/api/me")`.

    `url` is its address, for services that call it.
    """

    def __init__(
        self,
        app: FastAPI,
        url: str | None,
        *,
        config: ConfigDirectory | None = None,
        secrets: ConfigDirectory | None = None,
    ) -> None:
        # Without sockets an exception that the application does not handle reaches the test.
        super().__init__(**_options(None if url else app, url or "http://service"))
        self.app = app
        self.url = str(self.base_url).rstrip("/")
        self._config, self._secrets = config, secrets

    @property
    def live(self) -> LiveConfig[Any]:
        """Return the live configuration."""
        live: LiveConfig[Any] = self.app.state.chassis.live
        return live

    @cached_property
    def management(self) -> httpx.AsyncClient:
        """Return a client of the management port: `/readyz`, `/metrics`, `/info`."""
        app = ManagementApp(self.app.state.chassis)
        return httpx.AsyncClient(**_options(app, "http://management"))

    async def reconfigure(
        self, config: Files | None = None, *, secrets: Files | None = None
    ) -> None:
        """Swap the mounted files for these, and return once the service has followed.

        Raises `ConfigError` where it rejects them, and keeps its last valid configuration.
        """
        for mount, files in ((self._config, config), (self._secrets, secrets)):
            if files is not None:
                if mount is None:
                    raise ValueError("nothing is mounted there; pass config= or secrets= to served")
                await followed(self.live, lambda: mount.swap(files))  # noqa: B023 - called at once


def _options(app: ASGIApp | None, url: str) -> dict[str, Any]:
    transport = None if app is None else httpx.ASGITransport(app)
    return {"transport": transport, "base_url": url, "timeout": _PATIENCE_S, "trust_env": False}


@asynccontextmanager
async def served(
    app: FastAPI | CreateApp,
    settings: Settings = MappingProxyType({}),
    *,
    config: Mount | None = None,
    secrets: Mount | None = None,
    profiles: Sequence[str] = (),
    services: Mapping[str, str] | None = None,
    auth_server: AuthServer | None = None,
    token_services: TokenServices | None = None,
    http: bool = False,
) -> AsyncIterator[Served]:
    """Serve an application, or what `create_app` builds on a configuration, to a test.

    `settings` are values by dotted key; `config` and `secrets` the files that are mounted;
    `services` the URLs of those it calls, by name. Its tokens are those of `as_user` and
    `as_client`, of a real `auth_server`, or of `token_services`. With `http` it is served on a free
    loopback port by the server of a pod, else in process without sockets. Raises `ConfigError`.
    """
    async with AsyncExitStack() as stack:
        mounts = {
            name: _mounted(name, mount, stack)
            for name, mount in (("config", config), ("secrets", secrets))
        }
        if not isinstance(app, FastAPI):
            create_app, name = app, service_name(app)
            found = await _surroundings(name, services, auth_server, stack)
            live = configured(create_app, {**found, **settings}, profiles=profiles, **mounts)
            if auth_server is None and token_services is None:
                token_services = SelfContainedTokenServices(live)
            app = _built(create_app, live, token_services)
        await stack.enter_async_context(app.router.lifespan_context(app))
        if chassis := getattr(app.state, "chassis", None):
            chassis.health.started = True
        url = await stack.enter_async_context(listening_on_loopback(app)) if http else None
        directories = {
            name: mount for name, mount in mounts.items() if isinstance(mount, ConfigDirectory)
        }
        yield await stack.enter_async_context(Served(app, url, **directories))


def _mounted(
    name: str, mount: Mount | None, stack: AsyncExitStack
) -> ConfigDirectory | Path | None:
    if not isinstance(mount, Mapping):
        return mount
    directory = stack.enter_context(tempfile.TemporaryDirectory())
    return ConfigDirectory(Path(directory, name), mount)


async def _surroundings(
    name: str,
    services: Mapping[str, str] | None,
    auth_server: AuthServer | None,
    stack: AsyncExitStack,
) -> Mapping[str, str]:
    """Return the settings by which a service finds others, and where it gets its own tokens."""
    found = {} if services is None else dict(_table(services, stack).settings)
    if auth_server is not None:
        return {**found, **auth_server.settings(name)}
    if services is None:
        return found
    issuer = await stack.enter_async_context(served(token_endpoint(), http=True))
    client = "security.oauth2.client"
    return {
        **found,
        f"{client}.client-id": name,
        f"{client}.client-secret": "secret",
        f"{client}.access-token-uri": f"{issuer.url}/oauth/token",
    }


def _table(services: Mapping[str, str], stack: AsyncExitStack) -> DiscoveryTable:
    if isinstance(services, DiscoveryTable):
        return services
    directory = stack.enter_context(tempfile.TemporaryDirectory())
    return DiscoveryTable(Path(directory, "services.json"), services)


def _built(
    create_app: CreateApp, live: LiveConfig[Any], token_services: TokenServices | None
) -> FastAPI:
    """Build an application; one that checks tokens itself, as cas-server, takes no others."""
    if "token_services" not in inspect.signature(create_app).parameters:
        return create_app(live)
    return create_app(live, token_services=token_services)
