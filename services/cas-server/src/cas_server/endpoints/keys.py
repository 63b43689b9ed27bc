"""GET /oauth/jwks (RFC 7517) and /oauth/token_key, its form before there was a standard.

Both are public, and may be cached: a key is published for a while before its time comes.
"""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from cas_server.signing.signing_keys import SigningKeys
from chassis import error_responses
from chassis.errors import NotFound
from chassis.jwt.algorithms import Algorithm

JWKS, TOKEN_KEY = "/oauth/jwks", "/oauth/token_key"
OPEN_PATHS = (JWKS, TOKEN_KEY)
MAX_AGE_S = 300
"""How long the response may be cached; `make secrets ROTATE=keys` waits longer."""
_HEADERS = {"Cache-Control": f"public, max-age={MAX_AGE_S}"}
_RS256: Algorithm = "RS256"
_KTY = {
    "name": "kty",
    "in": "query",
    "description": "Only keys of this type: old readers fail at any but RSA",
    "schema": {"type": "string"},
}


class PublishedKeys:
    """The endpoints that publish the keys by which others verify signatures."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        router.add_api_route(JWKS, self.jwks, name="jwks", openapi_extra={"parameters": [_KTY]})
        missing = error_responses(NotFound())
        router.add_api_route(TOKEN_KEY, self.token_key, name="token_key", responses=missing)
        return router

    async def jwks(self, request: Request) -> Response:
        """Return the key set, of one key type on request."""
        kty = request.query_params.get("kty")
        keys = [key for key in self._keys.public() if kty in (None, key["kty"])]
        return _json({"keys": keys})

    async def token_key(self) -> Response:
        """Return the RS256 key that signs now, as Spring Security OAuth's `key-uri` reads it."""
        key = self._keys.signing(_RS256)
        if key is None:
            raise NotFound("There is no RS256 key; the others are at /oauth/jwks")
        pem = key.key.as_pem(private=False).decode("ascii")
        return _json({"alg": "SHA256withRSA", "value": pem})


def _json(fields: Mapping[str, Any]) -> Response:
    return Response(json.dumps(fields), headers=_HEADERS, media_type="application/json")
