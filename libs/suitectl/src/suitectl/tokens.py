"""Access tokens of a user or a client, from the suite's cas-server."""

from typing import Any

from suitectl.errors import TokenRefusedError
from suitectl.identities import APP, CAS, credentials
from suitectl.platform.http import Reply, Request, Sender
from suitectl.platform.platform import Platform


async def user_token(platform: Platform, http: Sender, user: str) -> dict[str, Any]:
    """Get a user's tokens by the password grant (RFC 6749, 4.3); raise `TokenRefusedError`."""
    name, password = credentials(user)
    form = {"grant_type": "password", "username": name, "password": password}
    return await _token(platform, http, APP, form)


async def client_token(platform: Platform, http: Sender, client: str) -> dict[str, Any]:
    """Get a client's own token by client credentials (RFC 6749, 4.4)."""
    return await _token(platform, http, client, {"grant_type": "client_credentials"})


async def post(
    platform: Platform, http: Sender, path: str, client: str, form: dict[str, str]
) -> Reply:
    """Post a form to cas-server as a client."""
    url = await platform.url(*CAS) + path
    return await http.send(Request("POST", url, basic=credentials(client), form=form))


async def _token(
    platform: Platform, http: Sender, client: str, form: dict[str, str]
) -> dict[str, Any]:
    reply = await post(platform, http, "/oauth/token", client, form)
    if not reply.ok:
        raise TokenRefusedError(f"no token for {client}: {reply.status} {reply.body}")
    return dict(reply.json())
