"""Redirect URIs: which may be registered, and which a request may name (RFC 9700, 2.1; RFC 8252).

A request's URI is compared with the registered ones character by character. Only the port of a
loopback address is free, because a native application learns it when it starts to listen.
"""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

MAX_URI = 2048
"""Characters of a redirect URI."""
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?(?=[/?]|$)")
_MAX_PORT = 65_535
_REFUSED = frozenset(' "#<>\\^`{|}*')
"""Not in a URI (RFC 3986, 2) or its fragment; and `*`, which would look like a wildcard."""


def fault_of(uri: str) -> str | None:
    """Return why a URI may not be registered; None for one that may."""
    if len(uri) > MAX_URI:
        return f"has a URI of more than {MAX_URI} characters"
    if not (uri.isascii() and uri.isprintable()) or _REFUSED & set(uri):
        return "has a URI with a fragment, `*`, or a character of no URI (RFC 6749, 3.1.2)"
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "has a text that is no URI"
    if "@" in parts.netloc or port == 0:
        return "has a URI with a user's name, or with port 0"
    return _fault_of_scheme(uri, parts)


def _fault_of_scheme(uri: str, parts: SplitResult) -> str | None:
    if parts.scheme == "https":
        return None if parts.hostname else "has a URI without a host"
    if parts.scheme == "http":
        if _LOOPBACK.match(uri):
            return None
        return (
            "has an http URI; only http://127.0.0.1 and http://[::1] may be, for applications that"
            " listen there, and not localhost (RFC 8252, 7.3 and 8.3); any other is https"
        )
    if "." in parts.scheme and not parts.netloc:
        return None
    return (
        "has a URI that is neither https, nor loopback, nor of a private-use scheme with a dot, as"
        " com.example.app:/callback (RFC 8252, 7.1)"
    )


def is_registered(presented: str, registered: Iterable[str]) -> bool:
    """Return whether a request may name this URI: it is registered, the port of loopback aside."""
    wanted = _any_port(presented)
    return any(presented == one or wanted == _any_port(one) for one in registered)


def _any_port(uri: str) -> str:
    """Return a loopback URI without its port, which may be any (RFC 8252, 7.3)."""
    loopback = _LOOPBACK.match(uri)
    if loopback is None or int(loopback[2] or 0) > _MAX_PORT:
        return uri
    return loopback[1] + uri[loopback.end() :]
