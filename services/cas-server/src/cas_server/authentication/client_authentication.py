"""Which client is calling: `client_secret_basic`, `client_secret_post` (RFC 6749, 2.3.1), `none`.

A verified header is cached by its SHA-256 with the hash that it matched, so that
the hot path computes no password hash; it is valid as long as the client has that hash.
"""

import hashlib
from collections.abc import Mapping

from starlette.types import Scope

from cas_server.authentication.basic_credentials import readings
from cas_server.authentication.public_client import public_client
from cas_server.authentication.verified_credentials import Verified, VerifiedCredentials
from cas_server.errors import InvalidClient
from cas_server.forms import Form, refuse_secrets_in_uri
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from cas_server.passwords.hashing import PasswordPool
from cas_server.throttling.claimant import Claimant
from cas_server.throttling.failure_counters import Kind
from cas_server.throttling.throttle import Throttle, source_address
from chassis.errors import InvalidRequest
from chassis.normal_form import nfc
from chassis.single_flight import SingleFlight


def credentials_digest(authorization: bytes) -> bytes:
    """Return what a Basic header's verified credentials are cached by."""
    return hashlib.sha256(authorization).digest()


class ClientAuthentication:
    """Authenticates clients; unknown ones and wrong secrets look and cost the same."""

    def __init__(self, identities: Identities, passwords: PasswordPool, throttle: Throttle) -> None:
        self._identities, self._passwords, self._throttle = identities, passwords, throttle
        self._verified = VerifiedCredentials()
        self._verifying: SingleFlight[tuple[bytes, str], Verified] = SingleFlight()

    def cached(self, digest: bytes) -> Client | None:
        """Return the client of credentials that were verified before and are still valid."""
        verified = self._verified.get(digest)
        if verified is None:
            return None
        client = self._identities.client(verified.client.id)
        if client is not None and verified.secret_hash in client.secrets:
            return client
        self._verified.drop(digest)
        return None

    def known(self, digest: bytes | None, parameters: Mapping[str, str]) -> Client | None:
        """Return the client of a header whose credentials are cached, None for any other.

        Raises `InvalidRequest` where the form contradicts the header.
        """
        client = digest and self.cached(digest)
        if not client:
            return None
        _refuse_second_secret(parameters)
        _refuse_other_name(parameters, client)
        return client

    async def basic(self, scope: Scope, authorization: bytes | None) -> Client:
        """Authenticate by HTTP Basic alone; raise `InvalidClient`."""
        if authorization is None:
            raise InvalidClient
        digest = credentials_digest(authorization)
        return self.cached(digest) or await self._once(
            digest, readings(authorization), source_address(scope)
        )

    async def basic_or_post(self, scope: Scope, form: Form) -> Client:
        """Authenticate by either method; both in one request are refused (RFC 6749, 2.3)."""
        refuse_secrets_in_uri(scope)
        return self._known(form) or await self._proven(scope, form)

    async def any_method(self, scope: Scope, form: Form) -> Client:
        """Authenticate by either method, or take a public client's word (RFC 6749, 3.2.1)."""
        refuse_secrets_in_uri(scope)
        client = self._known(form) or public_client(self._identities, form)
        return client or await self._proven(scope, form)

    def _known(self, form: Form) -> Client | None:
        header = form.authorization
        return self.known(header and credentials_digest(header), form.parameters)

    async def _proven(self, scope: Scope, form: Form) -> Client:
        """Return the client whose credentials a request has; raise `InvalidClient`."""
        if form.authorization is None:
            return await self._by_form(form.parameters, source_address(scope))
        _refuse_second_secret(form.parameters)
        client = await self.basic(scope, form.authorization)
        _refuse_other_name(form.parameters, client)
        return client

    async def _once(self, digest: bytes, pairs: list[tuple[str, str]], address: str) -> Client:
        """Verify credentials once for all concurrent requests that carry them."""
        verified = await self._verifying.run(
            (digest, address), lambda: self._by_pairs(pairs, address)
        )
        self._verified.add(digest, verified)
        return verified.client

    async def _by_form(self, form: Mapping[str, str], address: str) -> Client:
        if "client_id" not in form or "client_secret" not in form:
            raise InvalidClient
        pair = (nfc(form["client_id"]), form["client_secret"])
        # The length separates two splits of the same characters, and both from headers.
        text = f"{len(pair[0])}:{pair[0]}{pair[1]}"
        digest = hashlib.sha256(text.encode()).digest()
        return self.cached(digest) or await self._once(digest, [pair], address)

    async def _by_pairs(self, pairs: list[tuple[str, str]], address: str) -> Verified:
        """Try the readings of one request; a failure counts once."""
        async with self._throttle.attempt(self._claimant(pairs, address)):
            if any(self._identities.is_demo(*pair) for pair in pairs):
                raise InvalidClient
            for client_id, secret in pairs:
                verified = await self._verify(self._identities.client(client_id), secret)
                if verified is not None:
                    return verified
            raise InvalidClient

    def _claimant(self, pairs: list[tuple[str, str]], address: str) -> Claimant:
        """Return the claimant whose failures count: a registered name, else the decoded one.

        By the raw name, each percent-encoding of one name would have a count of its own.
        """
        names = (name for name, _ in pairs if self._identities.client(name) is not None)
        name = next(names, None)
        return Claimant(Kind.CLIENT, name or pairs[-1][0], address, exists=name is not None)

    async def _verify(self, client: Client | None, secret: str) -> Verified | None:
        """Compare a secret with each of the client's hashes; every failure costs the same."""
        hashes = client.secrets if client is not None else ()
        for stored in hashes:
            if await self._passwords.matches(stored, secret) and client is not None:
                return Verified(client, stored)
        for _ in range(self._identities.most_secrets - len(hashes)):
            await self._passwords.matches(None, secret)
        return None


def _refuse_second_secret(parameters: Mapping[str, str]) -> None:
    """Raise `InvalidRequest` for a secret beside a header."""
    if "client_secret" in parameters:
        raise InvalidRequest("Client credentials are in both the header and the body")


def _refuse_other_name(parameters: Mapping[str, str], client: Client) -> None:
    """Raise `InvalidRequest` for a name that is not the authenticated client's."""
    name = parameters.get("client_id")
    if name is not None and nfc(name) != client.id:
        raise InvalidRequest("The client_id is not the authenticated client's")
