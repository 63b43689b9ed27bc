"""What each chapter gets in hand: the platform, a narrator, HTTP, and tokens."""

from dataclasses import dataclass
from typing import Any

from story.http import Reply, Request, Sender
from story.identities import APP, CAS, credentials
from story.narrator import Narrator
from story.platform import Platform


@dataclass(frozen=True, slots=True)
class Suite:
    """The running suite as a chapter sees it."""

    platform: Platform
    tell: Narrator
    http: Sender

    async def user_token(self, user: str) -> dict[str, Any]:
        """Get a user's tokens by the password grant (RFC 6749, 4.3)."""
        name, password = credentials(user)
        form = {"grant_type": "password", "username": name, "password": password}
        return await self._token(APP, form)

    async def client_token(self, client: str) -> dict[str, Any]:
        """Get a client's own token by client credentials (RFC 6749, 4.4)."""
        return await self._token(client, {"grant_type": "client_credentials"})

    async def cas(self, path: str, client: str, form: dict[str, str]) -> Reply:
        """Post a form to cas-server as a client."""
        url = await self.platform.url(*CAS) + path
        return await self.http.send(Request("POST", url, basic=credentials(client), form=form))

    async def call(
        self, service: tuple[str, str], path: str, *, method: str = "GET", **options: Any
    ) -> Reply:
        """Call a Service; options are those of `Request`."""
        url = await self.platform.url(*service) + path
        return await self.http.send(Request(method, url, **options))

    async def _token(self, client: str, form: dict[str, str]) -> dict[str, Any]:
        reply = await self.cas("/oauth/token", client, form)
        if not reply.ok:
            raise RuntimeError(f"no token for {client}: {reply.status} {reply.body}")
        return dict(reply.json())
