"""A suite whose Secrets are mounted as by kubelet: each replica gets them at another time."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

from cas_server.app import create_app
from chassis import LiveConfig, ServiceSettings
from chassis.client import ServiceClients
from chassis.config import ConfigSource
from chassis.discovery import Address
from chassis.testing import ConfigDirectory, served
from eventually import PATIENCE_S
from service_apps import SAMPLE
from suitectl.secrets.stored import Secret, StoredSecrets

SERVICE = SAMPLE
LATER_S = (0.0, 0.3, 0.6)
"""The delay after an edit until kubelet updates each replica in turn."""
_CAS_URL = "http://cas-server-service/oauth"
OAUTH2 = f"""
security:
  oauth2:
    client: {{client-id: {SERVICE}, access-token-uri: {_CAS_URL}/token}}
    resource:
      id: {SERVICE}
      token-info-uri: {_CAS_URL}/check_token
      cache-ttl: 0s
      negative-cache-ttl: 0s
"""


class InTurn:
    """Discovery that resolves a name to the replicas of cas-server in turn."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._addresses = [Address(str(u.hostname), u.port or 0) for u in map(urlsplit, urls)]
        self._turn = 0

    async def resolve(self, name: str, port: int) -> Address:
        del name, port
        self._turn += 1
        return self._addresses[self._turn % len(self._addresses)]

    def report_failure(self, address: Address) -> None:
        del address


class MountedSuite:
    """Two replicas of cas-server and one of a service, each with a separate volume."""

    def __init__(self, volumes: Mapping[str, list[ConfigDirectory]]) -> None:
        self._volumes = volumes
        self._bringing: dict[str, asyncio.Task[None]] = {}
        self.urls: tuple[str, ...] = ()

    async def is_deployed(self) -> bool:
        return True

    async def apply(self, secret: Secret) -> None:
        name = secret["metadata"]["name"]
        self._bringing[name] = asyncio.create_task(self._bring(name, dict(secret["stringData"])))

    async def await_mounted(self, service: str, key: str, text: str) -> None:
        del key, text
        names = {"cas-server": "cas-server-identities", SERVICE: f"{SERVICE}-credentials"}
        if (bringing := self._bringing.get(names[service])) is not None:
            await bringing

    async def await_accepted(self, client: str, secret: str) -> None:
        await self._await(200, client, secret)

    async def await_refused(self, client: str, secret: str) -> None:
        await self._await(401, client, secret)

    async def _await(self, status: int, client: str, secret: str) -> None:
        async with (
            httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http,
            asyncio.timeout(PATIENCE_S),
        ):
            for url in self.urls:
                await _responds(http, url, client, secret, status)

    async def _bring(self, name: str, files: dict[str, str]) -> None:
        for volume, seconds in zip(self._volumes[name], LATER_S, strict=False):
            await asyncio.sleep(seconds)
            volume.swap(files)


async def _responds(
    http: httpx.AsyncClient, url: str, client: str, secret: str, status: int
) -> None:
    """Retry until the replica responds like this, since it reloads shortly after the mount."""
    while True:
        form = {"token": "none"}
        reply = await http.post(f"{url}/oauth/revoke", data=form, auth=(client, secret))
        if reply.status_code == status:
            return
        await asyncio.sleep(0.15)


@asynccontextmanager
async def mounted(
    stored: StoredSecrets, directory: Path, redis: int
) -> AsyncIterator[tuple[MountedSuite, ServiceClients, LiveConfig[Any]]]:
    """Run the suite with the stored secrets."""
    identities = stored.registered["stringData"]
    credentials = stored.documents[f"{SERVICE}-credentials"]["stringData"]
    cas = [ConfigDirectory(directory / f"cas-{number}", identities) for number in range(2)]
    own = ConfigDirectory(directory / "own", credentials)
    config = ConfigDirectory(directory / "config", {"application.yaml": OAUTH2})
    suite = MountedSuite({"cas-server-identities": cas, f"{SERVICE}-credentials": [own]})
    live = LiveConfig.load(
        ConfigSource(SERVICE, config_dir=config.path, secrets_dir=own.path), ServiceSettings
    )
    store = {
        "spring.data.redis.host": "127.0.0.1",
        "spring.data.redis.port": str(redis),
        # A busy machine is no failure of the rotation.
        "spring.data.redis.timeout": f"{PATIENCE_S}s",
    }
    async with AsyncExitStack() as stack:
        serving = [served(create_app, store, secrets=volume, http=True) for volume in cas]
        running = [await stack.enter_async_context(one) for one in serving]
        suite.urls = tuple(one.url for one in running)
        await stack.enter_async_context(_following(live))
        discovery = InTurn(suite.urls)
        clients = await stack.enter_async_context(ServiceClients(live, discovery=discovery))
        yield suite, clients, live


@asynccontextmanager
async def _following(live: LiveConfig[Any]) -> AsyncIterator[None]:
    stop = anyio.Event()
    task = asyncio.create_task(live.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task
