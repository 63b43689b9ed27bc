"""Clients and users beside the demo's, many enough that concurrent requests are of different ones.

Requests of one client share a script in Redis, and those with one user's password share a hash.
"""

import secrets

import yaml

from bench.stack import SERVICE
from cas_server.passwords.hashing import hash_generated, hash_password

COUNT = 64


class Population:
    """As many clients as users. All clients have one secret, all users one password."""

    def __init__(self) -> None:
        self.secret, self.password = secrets.token_urlsafe(32), secrets.token_urlsafe(12)
        self.clients = [f"client-{number:02d}" for number in range(COUNT)]
        self.users = [f"user-{number:02d}" for number in range(COUNT)]

    def registrations(self) -> str:
        """Return their registrations, as in a file of cas-server's Secret."""
        client = {
            "client-secret": hash_generated(self.secret),
            "authorized-grant-types": ["client_credentials"],
            "scope": ["read", "write"],
            "resource-ids": [SERVICE],
        }
        user = {"password": hash_password(self.password), "authorities": ["ROLE_USER"]}
        tree = {
            "clients": dict.fromkeys(self.clients, client),
            "users": dict.fromkeys(self.users, user),
        }
        return yaml.safe_dump(tree)
