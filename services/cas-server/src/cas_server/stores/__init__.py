"""What lives in Redis: tokens under their SHA-256, each entry with a TTL."""
