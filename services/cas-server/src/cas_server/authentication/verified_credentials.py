"""Credentials that were verified once, known by their digest, so that the next time costs no hash.

Only verified ones come in, and each client has a bound of its own: nobody evicts another's.
"""

from collections import deque
from dataclasses import dataclass, field

from cas_server.identities.clients import Client

MAX_PER_CLIENT = 16
"""Spellings of a client's credentials: two secrets, raw and encoded, in a header and in a form."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A client that proved itself, and by which of its hashes."""

    client: Client
    secret_hash: str = field(repr=False)


class VerifiedCredentials:
    """Caches verified credentials; a client's oldest entry makes room for its next one."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Verified] = {}
        self._of_client: dict[str, deque[bytes]] = {}

    def get(self, digest: bytes) -> Verified | None:
        """Return who proved itself by these credentials."""
        return self._entries.get(digest)

    def add(self, digest: bytes, verified: Verified) -> None:
        """Cache credentials that were verified."""
        own = self._of_client.setdefault(verified.client.id, deque())
        if digest not in self._entries:
            own.append(digest)
        self._entries[digest] = verified
        if len(own) > MAX_PER_CLIENT:
            del self._entries[own.popleft()]

    def drop(self, digest: bytes) -> None:
        """Drop credentials that are no longer valid."""
        verified = self._entries.pop(digest)
        own = self._of_client[verified.client.id]
        own.remove(digest)
        if not own:
            del self._of_client[verified.client.id]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._entries)
