"""What lives in Redis: tokens under their SHA-256, each entry with a TTL."""

from cas_server.stores.protocol import Lineage, RefreshRecord, Rotation, TokenStore
from cas_server.stores.redis_store import RedisTokenStore

__all__ = ["Lineage", "RedisTokenStore", "RefreshRecord", "Rotation", "TokenStore"]
