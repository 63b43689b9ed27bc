"""Responses to the redirect URI (RFC 6749, 4.1.2), each with the issuer (RFC 9207)."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from cas_server.authorization.authorization_request import Destination
from chassis.errors import ApiError

_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}


def redirect(location: str) -> Response:
    """Lead the browser on with a GET: 307 would send it a form's password (RFC 9700, 4.12)."""
    return Response(status_code=303, headers={**_HEADERS, "Location": location})


def to_client(destination: Destination, issuer: str, fields: Mapping[str, str]) -> Response:
    """Lead the browser back to the client, with the state it sent."""
    state = {} if destination.state is None else {"state": destination.state}
    query = urlencode({**fields, **state, "iss": issuer})
    uri = destination.redirect_uri
    return redirect(f"{uri}{'&' if '?' in uri else '?'}{query}")


def error_to_client(destination: Destination, issuer: str, error: ApiError) -> Response:
    """Tell the client why there is no code (RFC 6749, 4.1.2.1)."""
    fields = {"error": error.error, "error_description": error.description}
    return to_client(destination, issuer, fields)
