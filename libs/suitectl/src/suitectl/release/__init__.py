"""Releases of a service: its versions and their traffic."""
