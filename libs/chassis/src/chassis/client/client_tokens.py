"""The service's own access token, by the client credentials grant (RFC 6749 section 4.4)."""

import re
import time
from typing import Any
from urllib.parse import urlencode

import structlog

from chassis.client.caller import Caller, Request
from chassis.client.errors import ServiceUnavailable, UnusableResponse
from chassis.client.target import Endpoint
from chassis.config.live import LiveConfig
from chassis.security.bearer import BearerToken, is_token
from chassis.security.own_credentials import OwnCredentials
from chassis.single_flight import SingleFlight
from chassis.strict_json import strict_json
from chassis.transport import RawResponse

_OK = 200
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_ERROR_CODE = re.compile(r"[a-z_]{1,64}")
_SECONDS = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,9})?")
_LONGEST = 1e9
_MARGIN_SHARE = 0.1
_MAX_MARGIN = 30.0

_log = structlog.get_logger("chassis.client")


class ClientTokens:
    """Cache the service's own token until shortly before it expires.

    It is renewed a tenth of its lifetime, at most 30 seconds, before expiry. Concurrent callers
    share one request for a new token.
    """

    def __init__(self, live: LiveConfig[Any], caller: Caller) -> None:
        self._live = live
        self._caller = caller
        self._credentials = OwnCredentials()
        self._token: BearerToken | None = None
        self._fresh_until = 0.0
        self._flight: SingleFlight[str, BearerToken] = SingleFlight()

    async def get(self) -> BearerToken:
        """Return a valid token; raise `ServiceUnavailable`, or its subclass `UnusableResponse`."""
        if self._token is not None and time.monotonic() < self._fresh_until:
            return self._token
        return await self._flight.run("token", self._fetch)

    def discard(self, token: BearerToken) -> None:
        """Drop a rejected token, unless it has been replaced since."""
        if self._token == token:
            self._token = None

    def clear(self) -> None:
        """Drop the token: the client credentials have changed."""
        self._token = None

    async def _fetch(self) -> BearerToken:
        endpoint, client = self._endpoint(), self._live.settings.security.oauth2.client
        requested_at = time.monotonic()
        # This POST may be retried: requesting a token twice does no harm.
        response = await self._caller.call(
            endpoint.target, self._request(endpoint), idempotent=True
        )
        token, lifetime = _read(response, endpoint.target.name)
        # After a reload, a token for the old credentials serves this caller and is not cached.
        if client == self._live.settings.security.oauth2.client:
            self._token = token
            self._fresh_until = requested_at + lifetime - min(_MAX_MARGIN, lifetime * _MARGIN_SHARE)
        return token

    def _endpoint(self) -> Endpoint:
        uri = self._live.settings.security.oauth2.client.access_token_uri
        if not uri:
            _log.error("security.oauth2.client.access-token-uri is not set")
            raise ServiceUnavailable("the authorization server")
        return Endpoint.parse(uri)

    def _request(self, endpoint: Endpoint) -> Request:
        client = self._live.settings.security.oauth2.client
        form = {"grant_type": "client_credentials"}
        if client.scope:
            form["scope"] = " ".join(client.scope)
        return endpoint.post_form(self._credentials.header(client), urlencode(form).encode("ascii"))


def _read(response: RawResponse, service: str) -> tuple[BearerToken, float]:
    """Return the token and its lifetime in seconds; a token without one is used once."""
    try:
        return _issued(response)
    except _UnusableError as error:
        _log.error("no access token issued", status=response.status, reason=str(error))
        if response.status in _TRANSIENT:
            raise ServiceUnavailable(service, f"responded {response.status}") from None
        raise UnusableResponse(service, str(error)) from None


class _UnusableError(Exception):
    """A token response is invalid; the message names fields, never their values."""


def _issued(response: RawResponse) -> tuple[BearerToken, float]:
    if response.status != _OK:
        raise _UnusableError(f"status {response.status}, {_error_code(response.body)}")
    fields = _json_object(response.body)
    token, kind = fields.get("access_token"), fields.get("token_type", "bearer")
    if not isinstance(token, str) or not is_token(token):
        raise _UnusableError("access_token is missing or malformed")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise _UnusableError("token_type is not bearer")
    return BearerToken(token), _lifetime(fields.get("expires_in"))


def _error_code(body: bytes) -> str:
    """Return the `error` of the response, if valid (RFC 6749, 5.2)."""
    try:
        code = _json_object(body).get("error")
    except _UnusableError:
        code = None  # a proxy's error page, for example
    is_code = isinstance(code, str) and _ERROR_CODE.fullmatch(code)
    return str(code) if is_code else "no error code"


def _lifetime(value: Any) -> float:
    """Return seconds; a string is accepted because many servers send one."""
    if value is None:
        return 0.0
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(min(value, _LONGEST))
    raise _UnusableError("expires_in is not a number of seconds")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = strict_json(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _UnusableError("it is not a JSON object")
    return value
