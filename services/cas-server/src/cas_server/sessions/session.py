"""A session: a user at one browser, from a login to its end. Its cookie is never stored."""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Self

from cas_server.identities.users import User

_BYTES = 32
"""256 random bits of a cookie; OWASP asks for 64 of entropy."""
_FIELDS = ("user_name", "user_fingerprint", "authenticated_at", "ends_at", "since", "device")


def new_cookie() -> str:
    """Return a fresh value of a cookie."""
    return secrets.token_urlsafe(_BYTES)


def cookie_hash(cookie: str) -> str:
    """Return the SHA-256 by which the store knows a cookie."""
    return hashlib.sha256(cookie.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Session:
    """A session as endpoints see it; times in Unix seconds.

    `handle` names it in lists and tokens, and is no way into it. `since` is the version of the
    identities at its login (`not_before`). `device` is the browser in two or three words.
    """

    hash: str = field(repr=False)
    user_name: str
    user_fingerprint: str = field(repr=False)
    authenticated_at: int
    ends_at: int
    since: int
    device: str = ""
    seen_at: int = 0

    @classmethod
    def new(cls, hashed: str, user: User, *, longest: int, since: int, device: str) -> Self:
        """Return a session that begins now."""
        now = int(time.time())
        return cls(hashed, user.name, user.fingerprint, now, now + longest, since, device, now)

    @property
    def handle(self) -> str:
        """Return a name from which neither the cookie nor its hash can be derived."""
        return hashlib.sha256(f"handle {self.hash}".encode()).hexdigest()[:32]

    def encode(self) -> bytes:
        """Return the stored text."""
        fields = [getattr(self, name) for name in _FIELDS]
        return json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, hashed: str, text: bytes, *, seen_at: int) -> Self:
        """Read a stored text."""
        fields = dict(zip(_FIELDS, json.loads(text), strict=True))
        return cls(hash=hashed, seen_at=seen_at, **fields)
