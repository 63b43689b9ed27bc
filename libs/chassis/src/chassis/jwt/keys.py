"""Keys for signatures, by joserfc: public ones of a key set (RFC 7517), private ones of PEM files.

Import this module where a key is in use, and not before: see the package.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import base64_to_int

from chassis.jwt.algorithms import Algorithm
from chassis.strict_json import strict_json

MAX_KEYS = 64
"""Keys of a set; a server has two for each algorithm while it rotates them."""
_MAX_SET = 256 * 1024
_PUBLIC = frozenset(("crv", "e", "kty", "n", "x", "y"))
_MIN_RSA, _MAX_RSA = 2048, 4096
"""Bits. RFC 7518, 3.3 demands 2,048; with more than 4,096 a signature takes 10 ms and more."""
_KINDS = f"ES256 (P-256), EdDSA (Ed25519), RS256 (RSA of {_MIN_RSA} to {_MAX_RSA} bits)"

JoseKey = ECKey | OKPKey | RSAKey
_TYPES: Mapping[tuple[str, str | None], type[JoseKey]] = {
    ("EC", "P-256"): ECKey,
    ("OKP", "Ed25519"): OKPKey,
    ("RSA", None): RSAKey,
}


class UnusableKeyError(ValueError):
    """A key, or a key set, is unusable; the message has no part of it."""


@dataclass(frozen=True, slots=True)
class SignatureKey:
    """A key and the one algorithm that it is for (RFC 8725, 3.1)."""

    id: str
    algorithm: Algorithm
    key: JoseKey = field(repr=False)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Return whether the signature is that of the message."""
        return JWSRegistry.algorithms[self.algorithm].verify(message, signature, self.key)

    def sign(self, message: bytes) -> bytes:
        """Return the signature, made with a private key."""
        return JWSRegistry.algorithms[self.algorithm].sign(message, self.key)


def read_key_set(body: bytes) -> Mapping[str, SignatureKey]:
    """Return the keys of a set for signatures, by their ids; raise `UnusableKeyError`.

    Keys of other types, for other purposes, or without an id are left out (RFC 7517, 5).
    """
    if len(body) > _MAX_SET:
        raise UnusableKeyError(f"the key set has more than {_MAX_SET} bytes")
    try:
        parsed = strict_json(body)
    except ValueError:
        raise UnusableKeyError("the key set is not JSON") from None
    listed = parsed.get("keys") if isinstance(parsed, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise UnusableKeyError(f"the key set has no array of at most {MAX_KEYS} keys")
    read = [key for key in map(_public_key, listed) if key is not None]
    found = {key.id: key for key in read}
    if len(found) < len(read):
        raise UnusableKeyError("the key set has a key id twice")
    return found


def private_key(pem: str) -> SignatureKey:
    """Read a private key in PEM (PKCS#8); its id is its thumbprint (RFC 7638).

    Raises `UnusableKeyError`, whose message goes on after the name of a file.
    """
    try:
        loaded = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        reason = "has no unencrypted private key in PEM; make one with openssl genpkey"
        raise UnusableKeyError(reason) from None
    key: JoseKey
    if isinstance(loaded, EllipticCurvePrivateKey) and loaded.curve.name == "secp256r1":
        key = ECKey.import_key(loaded)
    elif isinstance(loaded, Ed25519PrivateKey):
        key = OKPKey.import_key(loaded)
    elif isinstance(loaded, RSAPrivateKey) and _MIN_RSA <= loaded.key_size <= _MAX_RSA:
        key = RSAKey.import_key(loaded)
    else:
        raise UnusableKeyError(f"has a key for none of the algorithms: {_KINDS}")
    return SignatureKey(key.thumbprint(), _algorithm_of(key), key)


def _public_key(jwk: Any) -> SignatureKey | None:
    """Return a key of a set; None for one that is not understood, or not for signatures."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    key_id, kind = jwk.get("kid"), _TYPES.get((str(jwk.get("kty")), jwk.get("crv")))
    if kind is None or not isinstance(key_id, str) or not key_id:
        return None
    try:
        if kind is RSAKey and not _MIN_RSA <= base64_to_int(jwk["n"]).bit_length() <= _MAX_RSA:
            return None
        key = kind.import_key({name: value for name, value in jwk.items() if name in _PUBLIC})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    algorithm = _algorithm_of(key)
    return SignatureKey(key_id, algorithm, key) if jwk.get("alg", algorithm) == algorithm else None


def _algorithm_of(key: JoseKey) -> Algorithm:
    if isinstance(key, RSAKey):
        return "RS256"
    return "ES256" if isinstance(key, ECKey) else "EdDSA"
