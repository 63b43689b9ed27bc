"""Form bodies of the OAuth endpoints: strict, bounded, each parameter once (RFC 6749, 3.2)."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from cas_server.errors import InvalidRequest

FORM_TYPE = b"application/x-www-form-urlencoded"
_MAX_FIELDS = 32
_MAX_BODY = 64 * 1024
MAX_TOKEN = 4096
"""Characters of a token that are looked at."""


def header(scope: Scope, name: bytes) -> bytes | None:
    """Return a header; raise `InvalidRequest` where it stands twice."""
    found = [value for key, value in scope["headers"] if key == name]
    if len(found) > 1:
        raise InvalidRequest(f"The header {name.decode()} stands twice")
    return found[0] if found else None


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Return the body of a form request; raise `InvalidRequest` for another content type."""
    content_type = header(scope, b"content-type") or b""
    if content_type.partition(b";")[0].strip().lower() != FORM_TYPE:
        raise InvalidRequest(f"Send the parameters as {FORM_TYPE.decode()}")
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _MAX_BODY:
            raise InvalidRequest("The form is too large")
    if message["type"] == "http.disconnect":
        raise InvalidRequest("The connection closed before the form was whole")
    return body


def parse_form(body: bytes) -> Mapping[str, str]:
    """Return the parameters; raise `InvalidRequest` for a duplicate or what is no UTF-8."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=_MAX_FIELDS,
            errors="strict",
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise InvalidRequest("The body is no well-formed form") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise InvalidRequest("A parameter stands twice")
    # A parameter without a value counts as omitted (RFC 6749, 3.1).
    return {name: value for name, value in form.items() if value}


def required(form: Mapping[str, str], name: str) -> str:
    """Return a parameter; raise `InvalidRequest` where it is missing."""
    value = form.get(name)
    if value is None:
        raise InvalidRequest(f"The parameter {name} is missing")
    return value


def token_of(form: Mapping[str, str]) -> str:
    """Return the parameter `token`; raise `InvalidRequest` where missing or too long."""
    token = required(form, "token")
    if len(token) > MAX_TOKEN:
        raise InvalidRequest(f"The token is longer than {MAX_TOKEN} characters")
    return token
