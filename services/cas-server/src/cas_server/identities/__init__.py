"""The clients and users of the configuration, and since when each of them counts."""
