"""Validate the response of an authorization server.

Old resource servers accept any JSON without `error`, even with an `exp` in the past or a foreign
audience. Here every field is validated, and an ambiguous response is rejected. A field that
servers write in several ways is parsed as common clients do.
"""

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from chassis.errors import InvalidToken
from chassis.security.authentication import Authentication
from chassis.security.errors import ForeignToken
from chassis.strict_json import strict_json

_AUTHORITY_KEYS = ("authority", "role", "value")
_STRING = frozenset({str})
_USER_NAME_KEYS = ("user_name", "username", "user", "sub", "name")
_REMEMBERED, _MOST_BYTES = 512, 4096
"""Responses that are not parsed again when the same bytes come, and the bytes of one of them."""


class MalformedResponseError(Exception):
    """A response is invalid; the message names fields, never their values."""


def json_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; raise `MalformedResponseError` for anything else."""
    try:
        response = strict_json(body)
    except ValueError:
        raise MalformedResponseError("not JSON") from None
    if not isinstance(response, dict):
        raise MalformedResponseError("not a JSON object")
    return response


def checked_token(body: bytes, *, resource_id: str | None) -> Authentication:
    """Parse the 200 of check_token.

    Raises `InvalidToken` for an inactive or expired token or one for another resource server,
    `MalformedResponseError` for an invalid response. The responses to one token are the same bytes
    until it expires, and are parsed once.
    """
    if len(body) <= _MOST_BYTES:
        known = _known_token(body, resource_id)
        if known.expires_at is None or time.time() < known.expires_at:
            return known
    return _parsed_token(body, resource_id)


@lru_cache(_REMEMBERED)
def _known_token(body: bytes, resource_id: str | None) -> Authentication:
    return _parsed_token(body, resource_id)


def _parsed_token(body: bytes, resource_id: str | None) -> Authentication:
    response = json_object(body)
    _refuse_dead(response)
    client_id = text_of(response, "client_id")
    user_name = text_of(response, "user_name") if "user_name" in response else None
    return authentication_of(response, client_id, user_name, resource_id)


def known_user(body: bytes, *, client_id: str, resource_id: str | None) -> Authentication:
    """Parse the 200 of a user-info endpoint, which identifies the user and little else.

    `client_id`, this service's own, is the default: most responses do not name the client. With a
    resource id the response must have an `aud`; the errors are those of `checked_token`.
    """
    response = json_object(body)
    _refuse_dead(response)
    key = next((key for key in _USER_NAME_KEYS if isinstance(response.get(key), str)), "user_name")
    named = text_of(response, "client_id") if "client_id" in response else client_id
    return authentication_of(response, named, text_of(response, key), resource_id)


def authentication_of(
    response: Mapping[str, Any],
    client_id: str,
    user_name: str | None,
    resource_id: str | None,
    *,
    leeway: float = 0.0,
) -> Authentication:
    """Parse what all responses, and the claims of JWTs, have in common.

    Raises `InvalidToken` if it has expired for `leeway` seconds, or if its audience lacks the
    service; `MalformedResponseError` as above.
    """
    authentication = Authentication(
        client_id=client_id,
        user_name=user_name,
        scopes=_scopes(response),
        authorities=_authorities(response),
        audience=_audience(response),
        expires_at=_expiry(response, leeway),
        claims=response,
    )
    _refuse_foreign(authentication, resource_id)
    return authentication


def _refuse_dead(response: dict[str, Any]) -> None:
    if "error" in response:
        raise MalformedResponseError("a 200 with an error")
    active = response.get("active", True)
    if active is False:
        raise InvalidToken("The access token is not active")
    if active is not True:
        raise MalformedResponseError("active is not a boolean")


def _refuse_foreign(authentication: Authentication, resource_id: str | None) -> None:
    if resource_id is not None and resource_id not in authentication.audience:
        raise ForeignToken(authentication, resource_id)


def _expiry(response: Mapping[str, Any], leeway: float) -> int | None:
    """Return `exp` in seconds; it is optional (RFC 7662, 2.2) and may have a fraction."""
    if "exp" not in response:
        return None
    expires_at = response["exp"]
    if type(expires_at) not in (int, float):
        raise MalformedResponseError("exp is not a number")
    if expires_at + leeway <= time.time():
        raise InvalidToken("The access token has expired")
    return int(expires_at)


def text_of(response: Mapping[str, Any], key: str) -> str:
    """Return a field that is a text; raise `MalformedResponseError`."""
    value = response.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedResponseError(f"{key} is not a string")
    return value


def _scopes(response: Mapping[str, Any]) -> frozenset[str]:
    """Parse an array, or a space-separated string (RFC 6749, 3.3)."""
    value = response.get("scope", [])
    return _texts(value.split() if isinstance(value, str) else value, "scope")


def _audience(response: Mapping[str, Any]) -> frozenset[str]:
    """Parse an array, or a string that is one name (RFC 7519, 4.1.3)."""
    value = response.get("aud", [])
    return _texts([value] if isinstance(value, str) else value, "aud")


def _authorities(response: Mapping[str, Any]) -> frozenset[str]:
    """Parse an array, or a comma-separated string; an item may be an object with the name.

    As in Spring (AuthorityUtils, FixedAuthoritiesExtractor), whose servers send a
    `GrantedAuthority` as `{"authority": "ROLE_USER"}`.
    """
    value = response.get("authorities", [])
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip()]
    if isinstance(value, list):
        value = [_authority(name) for name in value]
    return _texts(value, "authorities")


def _authority(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return next((value[key] for key in _AUTHORITY_KEYS if key in value), None)


def _texts(value: Any, key: str) -> frozenset[str]:
    if not isinstance(value, list) or not {*map(type, value)} <= _STRING:
        raise MalformedResponseError(f"{key} is not an array of strings")
    return frozenset(value)
