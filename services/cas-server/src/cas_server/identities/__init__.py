"""The clients and users of the configuration, and from when on each of them is valid."""
