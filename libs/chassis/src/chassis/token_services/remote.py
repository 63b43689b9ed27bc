"""Tokens checked at the authorization server, one call per token.

The check fails closed: an invalid token is 401; an error of the authorization server or of this
service's settings is logged and 503.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import structlog

from chassis.client.caller import Caller, Request
from chassis.client.errors import ServiceUnavailable, UnusableResponse
from chassis.client.target import Endpoint, form
from chassis.config.live import LiveConfig
from chassis.config.sections import OAuth2Settings
from chassis.errors import InvalidToken, TemporarilyUnavailable
from chassis.security.authentication import Authentication
from chassis.security.own_credentials import OwnCredentials
from chassis.token_services.response import (
    MalformedResponseError,
    checked_token,
    json_object,
    known_user,
)
from chassis.transport import RawRequest, RawResponse

# invalid_request: the server rejects a token that is too long, so it never issued it.
_TOKEN_ERRORS = frozenset({"invalid_token", "invalid_request"})

_UNKNOWN = "The access token can't be checked now; try again"

_log = structlog.get_logger("chassis.security")


class RemoteTokenServices:
    """Call check_token, or the user-info endpoint if the settings prefer it."""

    def __init__(self, live: LiveConfig[Any], caller: Caller) -> None:
        self._live = live
        self._caller = caller
        self._credentials = OwnCredentials()
        self._form_head: tuple[Endpoint, bytes, bytes] | None = None
        """The head of the last check, of an endpoint and an authorization."""

    async def authenticate(self, token: str) -> Authentication:
        """Check the token with one call, retried on another connection if one breaks."""
        oauth2: OAuth2Settings = self._live.settings.security.oauth2
        uri, is_check_token = _where(oauth2)
        endpoint = _endpoint(uri)
        request: Request
        if is_check_token:
            head = self._head(endpoint, self._credentials.header(oauth2.client))
            request, read = form(head, _token_form(token)), _read_check_token
        else:
            request, read = _user_info_request(endpoint, token), _read_user_info
        try:
            response = await self._caller.call(endpoint.target, request, idempotent=True)
        except UnusableResponse as error:
            raise _unusable(error.reason) from None
        except ServiceUnavailable:
            raise TemporarilyUnavailable(_UNKNOWN) from None
        return _judged(response, oauth2, read)

    def _head(self, endpoint: Endpoint, authorization: bytes) -> bytes:
        """Return the head of a check, which is encoded once for each version of the settings."""
        last = self._form_head
        if last is None or last[0] is not endpoint or last[1] is not authorization:
            last = endpoint, authorization, endpoint.form_head(authorization)
            self._form_head = last
        return last[2]

    async def aclose(self) -> None:
        """Do nothing: the connections belong to the clients."""


def _where(oauth2: OAuth2Settings) -> tuple[str, bool]:
    """Return the endpoint's URL, and whether it is check_token."""
    resource = oauth2.resource
    token_info, user_info = resource.token_info_uri, resource.user_info_uri
    if token_info and (resource.prefer_token_info or not user_info):
        return token_info, True
    if user_info:
        return user_info, False
    _log.error("security.oauth2.resource.token-info-uri is not set, so no token can be checked")
    raise TemporarilyUnavailable("Access tokens can't be checked here")


def _token_form(token: str) -> bytes:
    """Return the encoded form; nearly all tokens are base64url, which needs no escapes."""
    is_plain = token.replace("-", "").replace("_", "").isalnum() and token.isascii()
    return b"token=" + (token if is_plain else quote(token, safe="")).encode("ascii")


@lru_cache(maxsize=8)
def _endpoint(uri: str) -> Endpoint:
    return Endpoint.parse(uri)


def _user_info_request(endpoint: Endpoint, token: str) -> RawRequest:
    headers = [
        (b"Host", endpoint.host),
        (b"Authorization", b"Bearer " + token.encode("ascii")),
        (b"Accept", b"application/json"),
    ]
    return RawRequest(b"GET", endpoint.path, headers)


_Read = Callable[[RawResponse, OAuth2Settings], Authentication]


def _judged(response: RawResponse, oauth2: OAuth2Settings, read: _Read) -> Authentication:
    try:
        return read(response, oauth2)
    except MalformedResponseError as error:
        raise _unusable(str(error), status=response.status) from None


def _unusable(reason: str, **details: int) -> TemporarilyUnavailable:
    """Log why the authorization server's response is unusable, and return the error."""
    _log.error("authorization server unusable", reason=reason, **details)
    return TemporarilyUnavailable(f"The authorization server's response is unusable: {reason}")


def _read_check_token(response: RawResponse, oauth2: OAuth2Settings) -> Authentication:
    match response.status:
        case 200:
            return checked_token(response.body, resource_id=oauth2.resource.id)
        case 400 if json_object(response.body).get("error") in _TOKEN_ERRORS:
            raise InvalidToken
        case 401 | 403:
            raise MalformedResponseError(
                "it rejects this service's credentials; see security.oauth2.client and check-tokens"
            )
    raise MalformedResponseError(f"an unexpected status, {response.status}")


def _read_user_info(response: RawResponse, oauth2: OAuth2Settings) -> Authentication:
    match response.status:
        case 200:
            return known_user(
                response.body,
                client_id=oauth2.client.client_id or "",
                resource_id=oauth2.resource.id,
            )
        case 401 | 403:
            raise InvalidToken
    raise MalformedResponseError(f"an unexpected status, {response.status}")
