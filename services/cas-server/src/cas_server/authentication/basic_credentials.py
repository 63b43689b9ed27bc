"""The credentials in a Basic header (RFC 7617), raw or form-encoded (RFC 6749, 2.3.1)."""

import base64
import binascii
from urllib.parse import unquote_plus

from cas_server.errors import InvalidClient
from chassis.http_server.framing import MAX_HEAD
from chassis.normal_form import nfc


def readings(authorization: bytes) -> list[tuple[str, str]]:
    """Return the (client id, secret) pairs that a header may mean; raise `InvalidClient`.

    The raw pair comes first, as old clients send it; then the form-decoded one, where it differs.
    A secret that is too long is returned as well: its failure counts for the client's name.
    """
    client_id, colon, secret = _text(authorization).partition(":")
    if not colon:
        raise InvalidClient
    raw = nfc(client_id), secret
    decoded = nfc(unquote_plus(client_id)), unquote_plus(secret)
    return [raw] if raw == decoded else [raw, decoded]


def _text(authorization: bytes) -> str:
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic" or len(authorization) > MAX_HEAD:
        raise InvalidClient
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidClient from error
