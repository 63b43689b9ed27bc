"""The scopes of OpenID Connect, which a client gets by its `scope` list as any other."""

from functools import lru_cache

OPENID, PROFILE, EMAIL = "openid", "profile", "email"
OIDC_SCOPES = (OPENID, PROFILE, EMAIL)
"""Scopes about a user (OIDC Core, 3.1.2.1 and 5.4)."""
_CACHED = 1024


@lru_cache(_CACHED)
def without_user_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes that a client's own token may have: it is about no user."""
    return tuple(scope for scope in scopes if scope not in OIDC_SCOPES)
