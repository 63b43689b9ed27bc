"""POST /oauth/token: issue tokens by grant type.

A client's own token is issued at the protocol, where the client's credentials are cached: services
ask for one again and again. Every other grant goes by ASGI.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.types import Receive, Scope, Send

from cas_server.authentication.client_authentication import ClientAuthentication
from cas_server.endpoints.caller_head import CallerHead
from cas_server.endpoints.responses import RAW_HEADERS, json_body, only_post, send_json
from cas_server.errors import UnauthorizedClient, UnsupportedGrantType
from cas_server.forms import parse_form, read_form, refuse_other_type, required
from cas_server.grants import GrantType, TokenRequest
from cas_server.grants.client_credentials import ClientCredentialsGrant
from cas_server.identities.clients import Client
from cas_server.identities.not_before import IdentityReconciler
from cas_server.throttling.throttle import source_address
from chassis.http_server.direct import Done, Header, Judge

_USUAL = b"client_credentials"


class Token:
    """Issue tokens by the grants that are registered.

    It is called as an ASGI application, or by `begin` at the protocol, by the same rules.
    """

    ok_headers: ClassVar = RAW_HEADERS
    max_body: ClassVar = 1024

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

    def read(self, headers: Sequence[Header]) -> CallerHead:
        """Read a head, which the requests of a connection have in common."""
        return CallerHead.of(headers)

    def begin(self, read: CallerHead, body: bytes, address: str, done: Done) -> Judge | None:
        """Issue a client's own token, where nothing but the store has to be waited for."""
        moment = self._reconciler.present()
        if _USUAL not in body or moment is None:
            return None
        refuse_other_type(read.content_type)
        form = parse_form(body)
        client = self._authentication.known(read.digest, form)
        grant = client and self._grant(required(form, "grant_type"), client)
        if not client or not isinstance(grant, ClientCredentialsGrant):
            return None
        response = grant.begin(TokenRequest(client, form, address, moment), done)
        return lambda _: json_body(response.fields())

    def _grant(self, name: str, client: Client) -> GrantType:
        grant = self._grants.get(name)
        if grant is None:
            raise UnsupportedGrantType
        if name not in client.grant_types:
            raise UnauthorizedClient
        return grant
