"""`POST /docs/token`: what "Authorize" sends, forwarded to the authorization server.

A browser outside of the cluster knows neither the authorization server's name nor a way to it; the
service has both. So the page has a token endpoint wherever it is itself reachable, and the
authorization server need not allow requests of other origins.

It exists under the profile `dev` only: whoever uses it has the service's address, by which the
authorization server counts wrong secrets.
"""

from starlette.requests import Request
from starlette.responses import Response

from chassis.app.state import Chassis
from chassis.client.target import Endpoint
from chassis.config.profiles import in_development
from chassis.errors import NotFound

_FORWARDED = (b"content-type", b"cache-control", b"retry-after")
"""Headers of a response. A challenge would open the browser's own prompt for a password."""


class TokenRequests:
    """Forward token requests to `security.oauth2.client.access-token-uri`."""

    def __init__(self, chassis: Chassis) -> None:
        self._chassis = chassis

    @property
    def url(self) -> str | None:
        """Return the token endpoint that requests are forwarded to; None where they are not."""
        current = self._chassis.live.current
        uri: str | None = current.settings.security.oauth2.client.access_token_uri
        return uri if in_development(current.profiles) else None

    async def forward(self, request: Request) -> Response:
        """Forward a request once, and return the response; raise `ApiError`."""
        if self.url is None:
            raise NotFound
        endpoint = Endpoint.parse(self.url)
        authorization = request.headers.get("authorization", "").encode("latin-1")
        sent = endpoint.post_form(authorization, await request.body())
        received = await self._chassis.clients.caller.call(endpoint.target, sent, idempotent=False)
        response = Response(received.body, received.status)
        response.raw_headers += [
            (name.lower(), value) for name, value in received.headers if name.lower() in _FORWARDED
        ]
        return response
