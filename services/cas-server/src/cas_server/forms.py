"""Form bodies of the OAuth endpoints: strict, bounded, each parameter once (RFC 6749, 3.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.types import Receive, Scope

from chassis.errors import InvalidRequest, PayloadTooLarge

FORM_TYPE = b"application/x-www-form-urlencoded"
MAX_TOKEN = 4096
"""Characters of a token that are looked at."""
MAX_PARAMETERS = 32
_MAX_BODY = 64 * 1024
_SECRETS = frozenset(
    (
        *("access_token", "actor_token", "assertion", "client_assertion", "client_secret", "code"),
        *("code_verifier", "device_code", "password", "refresh_token", "subject_token", "token"),
    )
)
"""What RFC 6749, 7521, 7523, 7636, 8628 and 8693 name that must not appear in logs."""


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters of a request, and its Authorization header; both may hold secrets."""

    authorization: bytes | None = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)


async def read_form(scope: Scope, receive: Receive) -> Form:
    """Return the form of a request; raise `InvalidRequest` for a malformed one."""
    authorization, content_type = form_headers(scope["headers"])
    refuse_other_type(content_type)
    return Form(authorization, parse_form(await read_body(receive)))


def form_headers(
    headers: Iterable[tuple[bytes, bytes]],
) -> tuple[bytes | None, bytes | None]:
    """Return Authorization and Content-Type; raise `InvalidRequest` for a repeated one."""
    authorization = content_type = None
    for name, value in headers:
        if name == b"authorization":
            authorization = _once(name, authorization, value)
        elif name == b"content-type":
            content_type = _once(name, content_type, value)
    return authorization, content_type


def _once(name: bytes, before: bytes | None, value: bytes) -> bytes:
    if before is not None:
        raise InvalidRequest(f"The header {name.decode()} is repeated")
    return value


def refuse_other_type(content_type: bytes | None) -> None:
    """Raise `InvalidRequest` for a body of another media type."""
    if content_type == FORM_TYPE:
        return
    if (content_type or b"").partition(b";")[0].strip().lower() != FORM_TYPE:
        raise InvalidRequest(f"Send the parameters as {FORM_TYPE.decode()}")


async def read_body(receive: Receive) -> bytes:
    """Return the body; raise `PayloadTooLarge`, or `InvalidRequest` where it ends early."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False) and len(body) <= _MAX_BODY:
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise InvalidRequest("The connection closed before the form was complete")
    if len(body) > _MAX_BODY:
        raise PayloadTooLarge(f"A form has at most {_MAX_BODY} bytes")
    return body


def parse_form(body: bytes) -> Mapping[str, str]:
    """Return the parameters, read as browsers' forms are (URL Standard, 5.1), but each once.

    Raises `InvalidRequest` for a duplicate, for too many, and for what is not UTF-8: the standard
    puts U+FFFD there, so that different secrets would be the same.
    """
    pairs = parse_pairs(body)
    form = dict(pairs)
    if len(form) < len(pairs):
        raise InvalidRequest("A parameter is repeated")
    # A parameter without a value counts as omitted (RFC 6749, 3.1).
    return {name: value for name, value in pairs if value}


def parse_pairs(body: bytes) -> list[tuple[str, str]]:
    """Return names and values as they come; raise `InvalidRequest` as `parse_form`."""
    pieces = [piece for piece in body.replace(b"+", b" ").split(b"&") if piece]
    if len(pieces) > MAX_PARAMETERS:
        raise InvalidRequest(f"The form has more than {MAX_PARAMETERS} parameters")
    try:
        return [_pair(piece) for piece in pieces]
    except UnicodeDecodeError as error:
        raise InvalidRequest("The form is not UTF-8") from error


def _pair(piece: bytes) -> tuple[str, str]:
    name, _, value = piece.partition(b"=")
    return unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()


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


def refuse_secrets_in_uri(scope: Scope) -> None:
    """Raise `InvalidRequest` for a secret in the URI, which logs record (RFC 6749, 2.3.1)."""
    query = scope["query_string"]
    if query and _SECRETS.intersection(name for name, _ in parse_qsl(query.decode("latin-1"))):
        raise InvalidRequest("A secret does not belong in a URI (RFC 6749, 2.3.1)")
