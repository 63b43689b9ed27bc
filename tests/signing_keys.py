"""Private keys of each algorithm, made once, and files of them as a Secret mounts them."""

from functools import cache

from cas_server.signing.new_key import new_signing_key

OLD, NEW = "20200101T000000Z", "20240101T000000Z"
TO_COME = "29990101T000000Z"


def pem(algorithm: str = "ES256", number: int = 0) -> str:
    """Return a key; another number is another key."""
    return _made(algorithm, number)


@cache
def _made(algorithm: str, number: int) -> str:
    del number
    return new_signing_key(algorithm)


def key_file(when: str, algorithm: str = "ES256", number: int = 0) -> dict[str, str]:
    """Return a mounted file with a key that signs from a time on."""
    return {f"signing-keys.{when}-{algorithm.lower()}": pem(algorithm, number)}
