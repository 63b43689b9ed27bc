"""Replicas of cas-server and a configuration that the test can change."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cas_server.app import create_app
from chassis.testing import ConfigDirectory, served
from eventually import PATIENCE_S

BASIC = {
    "order-service": "rest-secret",
    "stock-service": "diff-secret",
    "demo-app": "demo-secret",
    "other-app": "other-secret",
    "unlisted-app": "unlisted-secret",
    "short-lived-app": "short-secret",
    "alice": "alice-secret",
    "admin": "admin-secret",
}


@dataclass
class Cas:
    """Replicas at `urls`; `write` changes the configuration that all of them follow."""

    config: ConfigDirectory
    identities: dict[str, Any]
    urls: tuple[str, ...]
    http: httpx.AsyncClient

    def write(self) -> None:
        self.config.swap({"application.yaml": self.identities})

    async def post(
        self,
        path: str,
        form: dict[str, str],
        client: str | None = "order-service",
        *,
        replica: int = 0,
        **options: Any,
    ) -> httpx.Response:
        auth = httpx.USE_CLIENT_DEFAULT if client is None else (client, BASIC[client])
        return await self.http.post(self.urls[replica] + path, data=form, auth=auth, **options)

    async def check(
        self, token: str, client: str = "order-service", *, replica: int = 0
    ) -> httpx.Response:
        return await self.post("/oauth/check_token", {"token": token}, client, replica=replica)

    async def client_token(self, client: str = "demo-app", **form: str) -> str:
        fields = {"grant_type": "client_credentials", **form}
        reply = await self.post("/oauth/token", fields, client)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    async def user_tokens(
        self, user: str = "alice", client: str = "demo-app", **form: str
    ) -> dict[str, Any]:
        fields = {"grant_type": "password", "username": user, "password": BASIC[user], **form}
        reply = await self.post("/oauth/token", fields, client)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def refresh(
        self, token: str, client: str = "demo-app", *, replica: int = 0, **form: str
    ) -> httpx.Response:
        fields = {"grant_type": "refresh_token", "refresh_token": token, **form}
        return await self.post("/oauth/token", fields, client, replica=replica)


@asynccontextmanager
async def replicas(
    directory: Path,
    identities: dict[str, Any],
    settings: Mapping[str, str],
    *,
    number: int = 1,
    profiles: tuple[str, ...] = (),
) -> AsyncIterator[Cas]:
    """Serve replicas that follow one configuration, over real HTTP."""
    config = ConfigDirectory(directory, {"application.yaml": identities})
    async with (
        AsyncExitStack() as stack,
        httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http,
    ):
        running = [
            await stack.enter_async_context(
                served(create_app, settings, config=config, profiles=profiles, http=True)
            )
            for _ in range(number)
        ]
        yield Cas(config, identities, tuple(one.url for one in running), http)
