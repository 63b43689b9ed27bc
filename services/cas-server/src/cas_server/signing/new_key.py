"""What `cas-server new-signing-key` prints: a private key in PEM (PKCS#8)."""

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_EXPONENT, _BITS = 65537, 2048
_MADE: Mapping[str, Callable[[], PrivateKeyTypes]] = {
    "ES256": lambda: new_ec_key(SECP256R1()),
    "EdDSA": Ed25519PrivateKey.generate,
    "RS256": lambda: new_rsa_key(_EXPONENT, _BITS),
}


def new_signing_key(algorithm: str) -> str:
    """Return a new key; raise `ValueError` for an unknown algorithm."""
    if algorithm not in _MADE:
        raise ValueError(f"unknown algorithm; there are {', '.join(_MADE)}")
    key = _MADE[algorithm]()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip()
