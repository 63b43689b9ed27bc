"""The keys that sign tokens: read from mounted files, published, chosen by time."""
