"""Which client is calling: `client_secret_basic` and `client_secret_post` (RFC 6749, 2.3.1).

A header that was verified once is remembered by its SHA-256 until the next reload, so that the
hot path computes no password hash.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from urllib.parse import unquote_plus

from starlette.types import Scope

from cas_server.bounded import BoundedDict
from cas_server.clients import Client
from cas_server.errors import InvalidClient, InvalidRequest
from cas_server.forms import header
from cas_server.identities import Identities
from cas_server.passwords import PasswordPool
from cas_server.throttle import Throttle

_MAX_HEADER = 4096
_REMEMBERED = 1024


class ClientAuthentication:
    """Authenticates clients; unknown ones and wrong secrets look and cost the same."""

    def __init__(self, identities: Identities, passwords: PasswordPool, throttle: Throttle) -> None:
        self._identities, self._passwords, self._throttle = identities, passwords, throttle
        self._verified: BoundedDict[bytes, Client] = BoundedDict(_REMEMBERED)
        identities.on_change(self._verified.clear)

    async def basic(self, scope: Scope) -> Client:
        """Authenticate by HTTP Basic alone; raise `InvalidClient`."""
        authorization = header(scope, b"authorization")
        if authorization is None:
            raise InvalidClient
        return await self._by_header(authorization, _address(scope))

    async def basic_or_post(self, scope: Scope, form: Mapping[str, str]) -> Client:
        """Authenticate by one of the two ways; both at once is a malformed request."""
        _refuse_secret_in_uri(scope)
        authorization = header(scope, b"authorization")
        if authorization is None:
            return await self._by_form(form, _address(scope))
        if "client_secret" in form:
            raise InvalidRequest("Client credentials stand in the header and in the body")
        client = await self._by_header(authorization, _address(scope))
        if form.get("client_id", client.id) != client.id:
            raise InvalidRequest("The client_id is not the authenticated client's")
        return client

    async def _by_header(self, authorization: bytes, address: str) -> Client:
        digest = hashlib.sha256(authorization).digest()
        client = self._verified.get(digest)
        if client is None:
            client = await self._by_pairs(_pairs(authorization), address)
            self._verified.set(digest, client)
        return client

    async def _by_form(self, form: Mapping[str, str], address: str) -> Client:
        if "client_id" not in form or "client_secret" not in form:
            raise InvalidClient
        return await self._by_pairs([(form["client_id"], form["client_secret"])], address)

    async def _by_pairs(self, pairs: list[tuple[str, str]], address: str) -> Client:
        """Try the readings of one header; a failure counts once."""
        self._throttle.admit(pairs[0][0], address)
        for client_id, secret in pairs:
            client = self._identities.client(client_id)
            if await self._matches(client, secret) and client is not None:
                return client
        self._throttle.failed(pairs[0][0], address)
        raise InvalidClient

    async def _matches(self, client: Client | None, secret: str) -> bool:
        hashes = client.secrets if client is not None and client.secrets else (None,)
        for stored in hashes:
            if await self._passwords.matches(stored, secret):
                return True
        return False


def _pairs(authorization: bytes) -> list[tuple[str, str]]:
    """Return the readings of a Basic header: raw as old clients send it, then form-decoded."""
    if len(authorization) > _MAX_HEADER:
        raise InvalidClient
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        raise InvalidClient
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidClient from error
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise InvalidClient
    raw, decoded = (client_id, secret), (unquote_plus(client_id), unquote_plus(secret))
    return [raw] if raw == decoded else [raw, decoded]


def _refuse_secret_in_uri(scope: Scope) -> None:
    if b"client_secret=" in scope["query_string"]:
        raise InvalidRequest("A client secret does not belong in a URI (RFC 6749, 2.3.1)")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
