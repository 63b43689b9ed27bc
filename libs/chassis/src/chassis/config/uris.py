"""Addresses of endpoints, checked where they are configured and not at their first call."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_HINT = "is no http or https URL in ASCII; write http://cas-server-service/oauth/check_token"


def _http_uri(text: str) -> str:
    try:
        parts = urlsplit(text)
        sound = parts.port != 0 and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError as error:
        raise ValueError(_HINT) from error
    if not (sound and text.isascii() and text.isprintable() and " " not in text):
        raise ValueError(_HINT)
    return text


HttpUri = Annotated[str, AfterValidator(_http_uri)]
"""An absolute http or https URL; its host may be a service's name."""
