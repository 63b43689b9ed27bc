"""JWT access tokens for tests, and the key set that verifies them."""

import json
import time
from collections.abc import Mapping
from typing import Any

from chassis.jwt.compact import encoded, read_jwt
from chassis.jwt.keys import SignatureKey, private_key
from signing_keys import pem

ISSUER, SERVICE = "http://cas-server-service", "order-service"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF = 32


def key(algorithm: str = "ES256", number: int = 0) -> SignatureKey:
    """Return a private key; another number is another key."""
    return private_key(pem(algorithm, number))


def key_set(*keys: SignatureKey) -> bytes:
    """Return the body of a JWKS response."""
    published = [{**one.key.as_dict(private=False), "kid": one.id, "use": "sig"} for one in keys]
    return json.dumps({"keys": published}).encode()


def claims(**more: Any) -> dict[str, Any]:
    """Return claims that are valid for `SERVICE`; None removes one."""
    now = int(time.time())
    found: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "alice",
        "aud": [SERVICE],
        "exp": now + 600,
        "iat": now,
        "jti": "0123456789abcdef0123",
        "client_id": "demo-app",
        "scope": "read write",
        "user_name": "alice",
        "authorities": ["ROLE_USER"],
        **more,
    }
    return {name: value for name, value in found.items() if value is not None}


def signed(body: Mapping[str, Any], by: SignatureKey, **header: Any) -> str:
    """Return a token; `header` overrides the usual one."""
    head = {"alg": by.algorithm, "kid": by.id, "typ": "at+jwt", **header}
    message = b".".join(encoded(json.dumps(part).encode()) for part in (head, body))
    return f"{message.decode()}.{encoded(by.sign(message)).decode()}"


def second_form(token: str) -> str:
    """Return a token of ES256 with the other signature that its first one yields: (r, n - s)."""
    signature = read_jwt(token).signature
    other = _P256_ORDER - int.from_bytes(signature[_HALF:])
    message, _, _ = token.rpartition(".")
    return f"{message}.{encoded(signature[:_HALF] + other.to_bytes(_HALF)).decode()}"
