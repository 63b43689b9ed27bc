"""Requests to cas-server: access tokens of a user or a client, and other forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suitectl.catalogue import token_service
from suitectl.errors import TokenRefusedError
from suitectl.identities import credentials, login_client
from suitectl.platform.http import Reply, Request, Sender
from suitectl.platform.platform import Platform
from suitectl.root import ROOT

GENERATED = ROOT / ".secrets/identities.json"
"""Every identity's plain secret, as `make secrets` writes it."""
CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}


@dataclass(frozen=True, slots=True)
class CasServer:
    """The suite's cas-server, which `http` reaches."""

    platform: Platform
    http: Sender

    async def user_token(self, user: str) -> dict[str, Any]:
        """Get a user's tokens by the password grant (RFC 6749, 4.3); raise `TokenRefusedError`."""
        return await self._token(login_client(), password_grant(user, await self._generated()))

    async def password(self, user: str) -> str:
        """Return a user's password, as the login form takes it."""
        return credentials(user, await self._generated(), of="users")[1]

    async def client_token(self, client: str) -> dict[str, Any]:
        """Get a client's own token by client credentials (RFC 6749, 4.4)."""
        return await self._token(client, CLIENT_CREDENTIALS)

    async def form(self, path: str, client: str, form: Mapping[str, str]) -> Request:
        """Return the request that posts a form as a client."""
        url = await self.platform.url(*token_service().address) + path
        basic = credentials(client, await self._generated())
        return Request("POST", url, basic=basic, form=form)

    async def post(self, path: str, client: str, form: Mapping[str, str]) -> Reply:
        """Post a form as a client."""
        return await self.http.send(await self.form(path, client, form))

    async def _token(self, client: str, form: Mapping[str, str]) -> dict[str, Any]:
        reply = await self.post("/oauth/token", client, form)
        if not reply.ok:
            raise TokenRefusedError(f"no token for {client}: {reply.status} {reply.body}")
        return dict(reply.json())

    async def _generated(self) -> Path | None:
        """Return the file of the generated identities where the suite uses these."""
        if self.platform.name == "localkube" or not GENERATED.exists():
            return None
        service = token_service()
        (name,) = service.deployments.values()
        deployment = await self.platform.object("deployment", name, service.namespace)
        variables = deployment["spec"]["template"]["spec"]["containers"][0].get("env", ())
        profiles = {one["name"]: one.get("value", "") for one in variables}
        return GENERATED if "prod" in profiles.get("PROFILES_ACTIVE", "").split(",") else None


def password_grant(user: str, generated: Path | None = None) -> Mapping[str, str]:
    """Return the form of the password grant."""
    name, password = credentials(user, generated, of="users")
    return {"grant_type": "password", "username": name, "password": password}
