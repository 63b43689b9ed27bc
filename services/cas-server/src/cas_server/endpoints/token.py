"""POST /oauth/token: issue tokens by grant type."""

from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from cas_server.authentication.client_authentication import ClientAuthentication
from cas_server.endpoints.responses import only_post, send_json
from cas_server.errors import UnauthorizedClient, UnsupportedGrantType
from cas_server.forms import read_form, required
from cas_server.grants import GrantType, TokenRequest
from cas_server.identities.clients import Client
from cas_server.identities.not_before import IdentityReconciler
from cas_server.throttling.throttle import source_address


class Token:
    """Issue tokens by the grants that are registered."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        grants: Mapping[str, GrantType],
        reconciler: IdentityReconciler,
    ) -> None:
        self._authentication, self._grants = authentication, grants
        self._reconciler = reconciler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        only_post(scope)
        form = await read_form(scope, receive)
        moment = await self._reconciler.now()
        client = await self._authentication.any_method(scope, form)
        grant = self._grant(required(form.parameters, "grant_type"), client)
        request = TokenRequest(client, form.parameters, source_address(scope), moment)
        issued = await grant.issue(request)
        await send_json(send, issued.fields())

    def _grant(self, name: str, client: Client) -> GrantType:
        grant = self._grants.get(name)
        if grant is None:
            raise UnsupportedGrantType
        if name not in client.grant_types:
            raise UnauthorizedClient
        return grant
