"""The standard claims about a user (OIDC Core, 5.1), by scope (5.4)."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from cas_server.identities.users import User
from cas_server.oidc.scopes import EMAIL, PROFILE

CLAIMS_OF_A_USER = ("sub", "name", "preferred_username", "email", "email_verified")
_LONGEST_SUBJECT = 255


def subject_of(user_name: str) -> str:
    """Return a user's `sub`: 255 ASCII characters at most (OIDC Core, 2).

    It is the name, and a digest of one that is too long or not ASCII. No name has a colon, so a
    digest is no other user's name.
    """
    if user_name.isascii() and len(user_name) <= _LONGEST_SUBJECT:
        return user_name
    return f"sha256:{hashlib.sha256(user_name.encode()).hexdigest()}"


def claims_about(user: User, scopes: Collection[str]) -> Mapping[str, Any]:
    """Return `sub` and what the scopes allow; claims without a value are left out (5.3.2)."""
    claims: dict[str, Any] = {"sub": subject_of(user.name)}
    if PROFILE in scopes:
        claims["preferred_username"] = user.name
        if user.full_name:
            claims["name"] = user.full_name
    if EMAIL in scopes and user.email:
        claims |= {"email": user.email, "email_verified": user.email_verified}
    return claims
