"""When and how the user of a token logged in (RFC 9470, 6): `auth_time` and `acr`."""

from typing import NamedTuple

BY_PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"  # noqa: S105 - a class of logins
"""The `acr` of a login by password: the class of SAML 2.0 that claims no protected transport."""

ACRS = ("", BY_PASSWORD)
"""The `acr` values by the number that records have; a new one is added at the end."""
SUPPORTED_ACRS = ACRS[1:]


class Login(NamedTuple):
    """A login at this server: its time (Unix seconds) and its `acr`."""

    at: int
    acr: str = BY_PASSWORD
