"""What an authorization server's answer must look like before anyone is let in.

Old resource servers take any JSON without `error` for a yes, an `exp` in the past and a token
for somebody else included. Here every field is looked at, and doubt is a no. What servers write in
more than one way is read as the widespread clients read it.
"""

import time
from typing import Any

from chassis.errors import InvalidToken
from chassis.security.authentication import Authentication
from chassis.security.errors import ForeignToken
from chassis.strict_json import strict_json

_AUTHORITY_KEYS = ("authority", "role", "value")
_USER_NAME_KEYS = ("user_name", "username", "user", "sub", "name")


class MalformedResponseError(Exception):
    """Say what is wrong with an answer, never what it says."""


def json_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; raise `MalformedResponseError` for anything else."""
    try:
        answer = strict_json(body)
    except ValueError:
        raise MalformedResponseError("not JSON") from None
    if not isinstance(answer, dict):
        raise MalformedResponseError("not a JSON object")
    return answer


def checked_token(body: bytes, *, resource_id: str | None) -> Authentication:
    """Read the 200 of check_token.

    Raises `InvalidToken` for a token that is dead, expired or meant for another resource server,
    `MalformedResponseError` for an answer that is none.
    """
    answer = json_object(body)
    _refuse_dead(answer)
    client_id = _text(answer, "client_id")
    user_name = _text(answer, "user_name") if "user_name" in answer else None
    return _authentication(answer, client_id, user_name, resource_id)


def known_user(body: bytes, *, client_id: str, resource_id: str | None) -> Authentication:
    """Read the 200 of a user-info endpoint, which says who the user is and little else.

    `client_id` is this service's own: the answer does not name the client. With a resource id
    the answer must have an `aud`; the errors are those of `checked_token`.
    """
    answer = json_object(body)
    _refuse_dead(answer)
    key = next((key for key in _USER_NAME_KEYS if isinstance(answer.get(key), str)), "user_name")
    named = _text(answer, "client_id") if "client_id" in answer else client_id
    return _authentication(answer, named, _text(answer, key), resource_id)


def _authentication(
    answer: dict[str, Any], client_id: str, user_name: str | None, resource_id: str | None
) -> Authentication:
    """Read what both kinds of response say; raise where the audience lacks the service."""
    authentication = Authentication(
        client_id=client_id,
        user_name=user_name,
        scopes=_scopes(answer),
        authorities=_authorities(answer),
        audience=_audience(answer),
        expires_at=_expiry(answer),
        claims=answer,
    )
    _refuse_foreign(authentication, resource_id)
    return authentication


def _refuse_dead(answer: dict[str, Any]) -> None:
    if "error" in answer:
        raise MalformedResponseError("a 200 with an error")
    active = answer.get("active", True)
    if active is False:
        raise InvalidToken("The access token is not active")
    if active is not True:
        raise MalformedResponseError("active is no boolean")


def _refuse_foreign(authentication: Authentication, resource_id: str | None) -> None:
    if resource_id is not None and resource_id not in authentication.audience:
        raise ForeignToken(authentication, resource_id)


def _expiry(answer: dict[str, Any]) -> int | None:
    """Return `exp` in seconds; it is optional (RFC 7662, 2.2), and may have a fraction."""
    if "exp" not in answer:
        return None
    expires_at = answer["exp"]
    if type(expires_at) not in (int, float):
        raise MalformedResponseError("exp is no number")
    if expires_at <= time.time():
        raise InvalidToken("The access token has expired")
    return int(expires_at)


def _text(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedResponseError(f"{key} is no text")
    return value


def _scopes(answer: dict[str, Any]) -> frozenset[str]:
    """Read an array, or one text with spaces between the names (RFC 6749, 3.3)."""
    value = answer.get("scope", [])
    return _texts(value.split() if isinstance(value, str) else value, "scope")


def _audience(answer: dict[str, Any]) -> frozenset[str]:
    """Read an array, or one text that is one name (RFC 7519, 4.1.3)."""
    value = answer.get("aud", [])
    return _texts([value] if isinstance(value, str) else value, "aud")


def _authorities(answer: dict[str, Any]) -> frozenset[str]:
    """Read an array, or one text with commas between the names; a name may stand in an object.

    So Spring reads it (AuthorityUtils, FixedAuthoritiesExtractor), whose servers send a
    `GrantedAuthority` as `{"authority": "ROLE_USER"}`.
    """
    value = answer.get("authorities", [])
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
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise MalformedResponseError(f"{key} is no array of texts")
    return frozenset(value)
