"""The headers of every page: nothing but the page itself is loaded, framed, cached or sent to."""

import base64
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

_FIXED = (
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("pragma", "no-cache"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
    # Nothing goes to other sites. `no-referrer` would make browsers send forms to ourselves with
    # `Origin: null` (Fetch Standard, 3.1), which is what a hostile frame sends.
    ("referrer-policy", "same-origin"),
)


def page_headers(css: str, form_targets: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return the headers of a page with this style sheet.

    Its forms go to this server; `form_targets` are the addresses to which the response leads on,
    since browsers hold `form-action` against redirects too (CSP 3, 6.3.1).
    """
    sources = dict.fromkeys(source for uri in form_targets if (source := source_of(uri)))
    directives = (
        "default-src 'none'",
        f"style-src '{_digest(css)}'",
        "img-src data:",
        " ".join(("form-action", "'self'", *sources)),
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return [*_FIXED, ("content-security-policy", "; ".join(directives))]


def source_of(uri: str) -> str:
    """Return the source expression for a registered redirect URI (CSP 3, 2.3.1)."""
    parts = urlsplit(uri)
    if parts.scheme == "https":
        # An application's callback may lead on to another host of its own, and browsers hold the
        # form against each redirect that follows.
        return "https:"
    if parts.scheme not in ("http", "https") or not parts.hostname or ":" in parts.hostname:
        # A private-use scheme has no host, and the grammar has no IPv6 addresses.
        return f"{parts.scheme}:" if parts.scheme else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


@lru_cache(4)
def _digest(css: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
