"""Two replicas of cas-server and a configuration that the test can change."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

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
    """Two replicas; `write` changes the configuration that both follow."""

    directory: Path
    identities: dict[str, Any]
    urls: tuple[str, ...] = ()
    http: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)

    def write(self) -> None:
        text = yaml.safe_dump(self.identities)
        fresh = self.directory / ".application.yaml"
        fresh.write_text(text)
        fresh.rename(self.directory / "application.yaml")

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
