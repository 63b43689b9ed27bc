"""`cas-server hash-password`, `hash-secret`, `new-client NAME`: entries of the configuration."""

import getpass
import secrets
import sys
from collections.abc import Sequence

from cas_server.passwords import hash_generated, hash_password

COMMANDS = ("hash-password", "hash-secret", "new-client")
_USAGE = 2
_USAGE_LINE = "usage: cas-server hash-password | hash-secret | new-client NAME"


def run(arguments: Sequence[str]) -> int:
    """Run one of the commands; the secret comes from standard input, never from the arguments."""
    match list(arguments):
        case ["hash-password" | "hash-secret" as kind]:
            return _hash(_secret(kind.removeprefix("hash-")))
        case ["new-client", name]:
            print(_registration(name))  # noqa: T201 - the result
            return 0
    print(_USAGE_LINE, file=sys.stderr)  # noqa: T201 - a command
    return _USAGE


def _hash(secret: str) -> int:
    if not secret:
        print("cas-server: the secret is empty", file=sys.stderr)  # noqa: T201 - a command
        return _USAGE
    print(hash_password(secret))  # noqa: T201 - the result
    return 0


def _secret(kind: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"{kind}: ")
    return sys.stdin.readline().rstrip("\n")


def _registration(name: str) -> str:
    """Return a registration with a generated secret; the secret is shown once."""
    secret = secrets.token_urlsafe(32)
    return (
        f"# the secret, for the client alone: {secret}\n"
        "clients:\n"
        f"  {name}:\n"
        f'    client-secret: "{hash_generated(secret)}"\n'
        "    authorized-grant-types: client_credentials\n"
        "    scope: read\n"
        f"    resource-ids: {name}\n"
    )
