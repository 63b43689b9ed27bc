"""Releases of diff-ns-service: the versions and their traffic."""
