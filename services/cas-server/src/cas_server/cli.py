"""What `cas-server` does beside serving: hashes, registrations and keys, and administration."""

import sys
from collections.abc import Callable, Sequence

from cas_server.identities.new_client import new_registration
from cas_server.passwords.hashing import GENERATED_CHARACTERS, hash_generated, hash_password
from cas_server.passwords.secret_input import read_secret

_ADMINISTRATION = ("holders", "sessions", "consents", "families", "tokens", "keys", "end")
COMMANDS = (
    *("hash-password", "hash-secret", "hash-generated", "new-client", "new-signing-key"),
    *_ADMINISTRATION,
)
_USAGE, _INTERRUPTED = 2, 130
_HELP = ("-h", "--help")
_USAGE_LINES = """\
usage: cas-server hash-password | hash-secret | hash-generated
       cas-server new-client NAME
       cas-server new-signing-key ES256 | EdDSA | RS256
       cas-server holders | sessions | consents | families | tokens | keys | end [OPTION ...]

hash-password, hash-secret  print the argon2id hash of what a person chose
hash-generated              print the HMAC of a generated secret, of 43 characters at least
new-client NAME             print a registration to paste, and its secret
new-signing-key ALGORITHM   print a private key in PEM
holders                     show who holds how many tokens, since when
sessions, consents, families, tokens
                            show them, by client and user, or end them
keys                        show which signing keys are published and which sign, or rotate them
end                         end all that a client or user holds

The hash commands read one line of standard input, in UTF-8, without its end of line; on a terminal
they ask for it twice and show nothing. The last seven run in a pod of cas-server; each has --help.\
"""


def run(arguments: Sequence[str]) -> int:
    """Run one of the commands; the secret comes from standard input, never from the arguments."""
    if arguments[:1] and arguments[0] in _ADMINISTRATION:
        from cas_server.administration import command  # noqa: PLC0415 - what a hash needs not

        return command.run(arguments)
    try:
        printed = _output(list(arguments))
    except ValueError as error:
        _print_error(f"cas-server: {error}")
        return _USAGE
    except KeyboardInterrupt:
        _print_error("cas-server: interrupted")
        return _INTERRUPTED
    if printed is None:
        _print_error(_USAGE_LINES)
        return _USAGE
    print(printed)  # noqa: T201 - the result
    return 0


def _output(arguments: list[str]) -> str | None:
    """Return what a command prints, None for wrong usage; raise `ValueError`."""
    match arguments:
        case [command, *rest] if command in COMMANDS and any(option in _HELP for option in rest):
            return _USAGE_LINES
        case ["hash-password" | "hash-secret" as command]:
            return _hash_input(command.removeprefix("hash-"), hash_password)
        case ["hash-generated"]:
            return _hash_input("secret", _hash_generated)
        case ["new-client", name]:
            return new_registration(name)
        case ["new-signing-key", algorithm]:
            from cas_server.signing.new_key import new_signing_key  # noqa: PLC0415 - 12 MiB

            return new_signing_key(algorithm)
    return None


def _hash_input(kind: str, hashed: Callable[[str], str]) -> str:
    secret = read_secret(kind)
    try:
        return hashed(secret)
    except ValueError as error:
        raise ValueError(f"the {kind} {error}") from None


def _hash_generated(secret: str) -> str:
    """Hash a generated secret; one that a person chose could be guessed, because HMAC is fast."""
    if len(secret) < GENERATED_CHARACTERS:
        raise ValueError("is too short to be generated; take hash-secret")
    return hash_generated(secret)


def _print_error(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - this is a command
