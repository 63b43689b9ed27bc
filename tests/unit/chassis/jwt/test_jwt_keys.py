"""Keys for signatures: each for one algorithm, and none that is weak or not understood."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey

from chassis.jwt.algorithms import ALGORITHMS
from chassis.jwt.compact import encoded
from chassis.jwt.keys import MAX_KEYS, UnusableKeyError, private_key, read_key_set
from signing_keys import pem


def jwk(algorithm: str = "ES256", **more: Any) -> dict[str, Any]:
    key = private_key(pem(algorithm))
    return {**key.key.as_dict(private=False), "kid": algorithm, **more}


def ids(*keys: Any) -> list[str]:
    return list(read_key_set(json.dumps({"keys": keys}).encode()))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_is_verified_by_the_published_key_alone(algorithm: str) -> None:
    key = private_key(pem(algorithm))
    assert key.algorithm == algorithm
    (public,) = read_key_set(json.dumps({"keys": [jwk(algorithm)]}).encode()).values()
    assert not public.key.is_private
    signature = key.sign(b"text")
    assert public.verifies(b"text", signature)
    assert not public.verifies(b"texT", signature)
    assert not public.verifies(b"text", signature[:-1])
    assert not public.verifies(b"text", b"")
    assert not private_key(pem(algorithm, 1)).verifies(b"text", signature)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_joserfc_reads_what_is_signed(algorithm: str) -> None:
    """An independent reader."""
    key = private_key(pem(algorithm))
    head = jws.serialize_compact({"alg": algorithm}, b"x", key.key, algorithms=[algorithm])
    signed, _, _ = head.rpartition(".")
    signature = key.sign(signed.encode())
    text = f"{signed}.{encoded(signature).decode()}"
    assert jws.deserialize_compact(text, key.key, algorithms=[algorithm]).payload == b"x"


def test_the_id_of_a_key_is_its_thumbprint() -> None:
    """RFC 7638: another key under the same file name is never taken for the first."""
    key = private_key(pem())
    assert key.id == key.key.thumbprint()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "no unencrypted private key"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "no unencrypted"),
        (ECKey.generate_key("P-256").as_pem(private=False).decode(), "no unencrypted"),
        (ECKey.generate_key("P-384").as_pem(private=True).decode(), "for none of the algorithms"),
        (OKPKey.generate_key("X25519").as_pem(private=True).decode(), "for none of"),
    ],
)
def test_another_key_is_refused_with_its_reason(key: str, said: str) -> None:
    with pytest.raises(UnusableKeyError, match=said):
        private_key(key)


def test_a_short_rsa_key_is_refused() -> None:
    """RFC 7518, 3.3."""
    weak = rsa.generate_private_key(65537, 1024).private_bytes(  # noqa: S505 - that is the test
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(UnusableKeyError, match="2048 to 4096"):
        private_key(weak.decode())


def test_an_encrypted_key_is_refused() -> None:
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )
    with pytest.raises(UnusableKeyError, match="unencrypted"):
        private_key(locked.decode())


def test_keys_of_a_set_that_are_not_for_signatures_here_are_left_out() -> None:
    """RFC 7517, 5."""
    assert ids(
        jwk("ES256"),
        jwk("RS256", use="enc"),
        jwk("RS256", alg="RS512"),
        jwk("EdDSA", kid=None),
        jwk("EdDSA", kid=""),
        jwk("ES256", kid="x", x="AAAA"),
        jwk("ES256", kid="y", y=1),
        jwk("ES256", kid="crv", crv="P-384"),
        {**OctKey.generate_key(256).as_dict(), "kid": "oct"},
        {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": encoded(b"\xff" * 128).decode()},
        {"kty": "RSA", "kid": "huge", "e": "AQAB", "n": encoded(b"\xff" * 9000).decode()},
        *({}, None, [], "key", {"kty": []}),
    ) == ["ES256"]


def test_a_private_half_in_a_set_is_not_read() -> None:
    leaked = {**private_key(pem()).key.as_dict(private=True), "kid": "k"}
    (key,) = read_key_set(json.dumps({"keys": [leaked]}).encode()).values()
    assert not key.key.is_private


@pytest.mark.bound("key-set")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b'{"keys":[' + b"{}," * MAX_KEYS + b"{}]}",
        b'{"keys":[]' + b" " * 300_000 + b"}",
        json.dumps({"keys": [jwk("ES256"), jwk("RS256", kid="ES256")]}).encode(),
    ],
)
def test_another_set_is_refused(body: bytes) -> None:
    with pytest.raises(UnusableKeyError):
        read_key_set(body)
