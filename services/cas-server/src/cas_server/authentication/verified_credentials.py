"""A cache of verified credentials by their digest, so that the next request computes no hash.

Only verified credentials are stored, and the bound is per client: no client evicts another's.
"""

from collections import deque
from dataclasses import dataclass, field

from cas_server.identities.clients import Client

MAX_PER_CLIENT = 16
"""Spellings of a client's credentials: two secrets, raw and encoded, in a header and in a form."""


@dataclass(frozen=True, slots=True)
class Verified:
    """An authenticated client, and the hash that its secret matched."""

    client: Client
    secret_hash: str = field(repr=False)


class VerifiedCredentials:
    """Caches verified credentials; beyond the bound a client's oldest entry is evicted."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Verified] = {}
        self._of_client: dict[str, deque[bytes]] = {}

    def get(self, digest: bytes) -> Verified | None:
        """Return the client that these credentials authenticated."""
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
        """Return the number of entries."""
        return len(self._entries)
