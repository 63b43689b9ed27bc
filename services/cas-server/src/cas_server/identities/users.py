"""The users: one immutable directory per configuration snapshot."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cas_server.settings import CasSettings, UserRecord


@dataclass(frozen=True, slots=True)
class User:
    """A user who may log in; the fingerprint changes with the password.

    `full_name` and `email` are empty where they are not registered.
    """

    name: str
    password: str = field(repr=False)
    authorities: tuple[str, ...]
    fingerprint: str
    full_name: str = ""
    email: str = ""
    email_verified: bool = False


def user_directory(settings: CasSettings) -> Mapping[str, User]:
    """Build the directory; a disabled user is not in it."""
    return {name: _user(name, record) for name, record in settings.users.items() if record.enabled}


def _user(name: str, record: UserRecord) -> User:
    return User(
        name,
        record.password,
        record.authorities,
        fingerprint(record.password),
        full_name=record.name or "",
        email=record.email or "",
        email_verified=record.email_verified,
    )


def fingerprint(secret_hash: str) -> str:
    """Return a short digest of a configured hash, which reveals nothing of the secret."""
    return hashlib.sha256(secret_hash.encode()).hexdigest()[:16]
