"""What lives in Redis: tokens under their SHA-256, each entry with a TTL."""

from cas_server.stores.protocol import (
    Bounds,
    Family,
    FamilyState,
    Lineage,
    Presented,
    Rotation,
    TokenStore,
)
from cas_server.stores.redis_store import RedisTokenStore

__all__ = [
    "Bounds",
    "Family",
    "FamilyState",
    "Lineage",
    "Presented",
    "RedisTokenStore",
    "Rotation",
    "TokenStore",
]
