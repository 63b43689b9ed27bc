"""Secrets: their hashes, what a hash may cost, and how a command reads one."""
