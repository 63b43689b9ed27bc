"""The users: one immutable directory per configuration snapshot."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cas_server.settings import CasSettings


@dataclass(frozen=True, slots=True)
class User:
    """A user who may log in; the fingerprint changes with the password."""

    name: str
    password: str = field(repr=False)
    authorities: tuple[str, ...]
    fingerprint: str


def user_directory(settings: CasSettings) -> Mapping[str, User]:
    """Build the directory; a disabled user is not in it."""
    return {
        name: User(name, record.password, record.authorities, fingerprint(record.password))
        for name, record in settings.users.items()
        if record.enabled
    }


def fingerprint(secret_hash: str) -> str:
    """Return a short digest of a configured hash, which reveals nothing of the secret."""
    return hashlib.sha256(secret_hash.encode()).hexdigest()[:16]
