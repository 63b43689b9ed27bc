"""`client_credentials` (RFC 6749, 4.4): a service's own token, without refresh token (4.4.3)."""

from cas_server.grants.access_only import Done
from cas_server.grants.grant_type import GrantContext, TokenRequest
from cas_server.grants.scopes import granted_scopes
from cas_server.oidc.scopes import without_user_scopes
from cas_server.tokens.access_tokens import Grant
from cas_server.tokens.token_pairs import TokenResponse


class ClientCredentialsGrant:
    """Issue a token for the client itself."""

    def __init__(self, context: GrantContext) -> None:
        self._context = context

    async def issue(self, request: TokenRequest) -> TokenResponse:
        """Return an access token with the client's authorities."""
        client, load = request.client, request.moment.load
        return await self._context.access_only.issue(_granted(request), client, load=load)

    def begin(self, request: TokenRequest, done: Done) -> TokenResponse:
        """Begin to issue the same token at the present moment; see `AccessOnly.begin`."""
        client, now = request.client, request.moment
        return self._context.access_only.begin(_granted(request), client, now, done)


def _granted(request: TokenRequest) -> Grant:
    """Return the grant of the scopes that were asked for; raise `InvalidScope`."""
    client, (since, client_since) = request.client, request.stamp
    scopes = granted_scopes(request.form.get("scope"), without_user_scopes(client.scopes))
    return Grant(
        client.id,
        scopes,
        client.audience,
        client.authorities,
        since=since,
        client_since=client_since,
    )
