"""`cas-server hash-password | hash-secret | hash-generated | new-client NAME`: configuration."""

import getpass
import secrets
import sys
from collections.abc import Callable, Sequence

from cas_server.passwords import hash_generated, hash_password

COMMANDS = ("hash-password", "hash-secret", "hash-generated", "new-client")
_USAGE = 2
_GENERATED_CHARACTERS = 43
"""256 bits in base64url."""
_USAGE_LINE = "usage: cas-server hash-password | hash-secret | hash-generated | new-client NAME"


def run(arguments: Sequence[str]) -> int:
    """Run one of the commands; the secret comes from standard input, never from the arguments."""
    match list(arguments):
        case ["hash-password" | "hash-secret" as kind]:
            return _hash(_secret(kind.removeprefix("hash-")), hash_password)
        case ["hash-generated"]:
            return _hash(_secret("secret"), _of_generated)
        case ["new-client", name]:
            print(_registration(name))  # noqa: T201 - the result
            return 0
    print(_USAGE_LINE, file=sys.stderr)  # noqa: T201 - a command
    return _USAGE


def _hash(secret: str, hashed: Callable[[str], str]) -> int:
    if not secret:
        print("cas-server: the secret is empty", file=sys.stderr)  # noqa: T201 - a command
        return _USAGE
    print(hashed(secret))  # noqa: T201 - the result
    return 0


def _of_generated(secret: str) -> str:
    """Hash a secret that was generated; one that people made up would be guessed (HMAC is fast)."""
    if len(secret) < _GENERATED_CHARACTERS:
        raise SystemExit("cas-server: too short to be generated; take hash-secret")
    return hash_generated(secret)


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
