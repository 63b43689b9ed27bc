"""Releases of diff-ns-service: which version gets the traffic."""
