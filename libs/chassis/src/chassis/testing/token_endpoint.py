"""A token endpoint for services that call others in their own name (RFC 6749, 4.4)."""

import base64
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from chassis.testing.callers import as_client

SCOPES = "read write"
"""What a service's own token may do, unless it requests less."""


def token_endpoint() -> FastAPI:
    """Return an application that issues each client the token of `as_client`, at any secret."""
    return FastAPI(routes=[Route("/oauth/token", _issue, methods=["POST"])])


async def _issue(request: Request) -> JSONResponse:
    encoded = request.headers["Authorization"].removeprefix("Basic ")
    client, _, _ = base64.b64decode(encoded).decode().partition(":")
    form = parse_qs((await request.body()).decode())
    token = as_client(client, scopes=form.get("scope", [SCOPES])[0]).token
    return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": 600})
