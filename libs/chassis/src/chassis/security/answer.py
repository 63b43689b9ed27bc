"""What an authorization server's answer must look like before anyone is let in.

Old resource servers take any JSON without `error` for a yes, an `exp` in the past and a token
for somebody else included. Here every field is looked at, and doubt is a no.
"""

import json
import time
from typing import Any

from chassis.errors import InvalidToken
from chassis.security.authentication import Authentication
from chassis.security.errors import ForeignToken

_USER_NAME_KEYS = ("user_name", "username", "user", "sub", "name")


class MalformedAnswerError(Exception):
    """Say what is wrong with an answer, never what it says."""


def json_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; raise `MalformedAnswerError` for anything else."""
    try:
        answer = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise MalformedAnswerError("not JSON") from None
    if not isinstance(answer, dict):
        raise MalformedAnswerError("not a JSON object")
    return answer


def checked_token(body: bytes, *, resource_id: str | None) -> Authentication:
    """Read the 200 of check_token.

    Raises `InvalidToken` for a token that is dead, expired or meant for another resource server,
    `MalformedAnswerError` for an answer that is none.
    """
    answer = json_object(body)
    _refuse_dead(answer)
    authentication = Authentication(
        client_id=_text(answer, "client_id"),
        user_name=_text(answer, "user_name") if "user_name" in answer else None,
        scopes=_names(answer, "scope", divided=True),
        authorities=_names(answer, "authorities"),
        audience=_names(answer, "aud", divided=True),
        expires_at=_expiry(answer),
        claims=answer,
    )
    _refuse_foreign(authentication, resource_id)
    return authentication


def known_user(body: bytes, *, client_id: str, resource_id: str | None) -> Authentication:
    """Read the 200 of a user-info endpoint, which says who the user is and little else.

    `client_id` is this service's own: the answer does not name the client. With a resource id
    the answer must have an `aud`; the errors are those of `checked_token`.
    """
    answer = json_object(body)
    _refuse_dead(answer)
    key = next((key for key in _USER_NAME_KEYS if isinstance(answer.get(key), str)), "user_name")
    authentication = Authentication(
        client_id=_text(answer, "client_id") if "client_id" in answer else client_id,
        user_name=_text(answer, key),
        scopes=_names(answer, "scope", divided=True),
        authorities=_names(answer, "authorities"),
        audience=_names(answer, "aud", divided=True),
        expires_at=_expiry(answer) if "exp" in answer else None,
        claims=answer,
    )
    _refuse_foreign(authentication, resource_id)
    return authentication


def _refuse_dead(answer: dict[str, Any]) -> None:
    if "error" in answer:
        raise MalformedAnswerError("a 200 with an error")
    active = answer.get("active", True)
    if active is False:
        raise InvalidToken("The access token is not active")
    if active is not True:
        raise MalformedAnswerError("active is no boolean")


def _refuse_foreign(authentication: Authentication, resource_id: str | None) -> None:
    if resource_id is not None and resource_id not in authentication.audience:
        raise ForeignToken(authentication, resource_id)


def _expiry(answer: dict[str, Any]) -> int:
    expires_at = answer.get("exp")
    if type(expires_at) is not int:
        raise MalformedAnswerError("exp is no integer")
    if expires_at <= time.time():
        raise InvalidToken("The access token has expired")
    return expires_at


def _text(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedAnswerError(f"{key} is no text")
    return value


def _names(answer: dict[str, Any], key: str, *, divided: bool = False) -> frozenset[str]:
    """Read an array of texts; `divided` also takes one text with spaces between the names."""
    value = answer.get(key, [])
    if divided and isinstance(value, str):
        value = value.split()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise MalformedAnswerError(f"{key} is no array of texts")
    return frozenset(value)
