"""A JWT checked in the chassis, beside the verification of its signature alone by `cryptography`.

Both run in this process, in turn; the lowest batch of each counts, which other work on the machine
disturbs least.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from bench.row import Row, Sample
from bench.stack import Stack
from chassis import LiveConfig, ServiceSettings
from chassis.client import ServiceClients
from chassis.discovery import Address, NameNotFoundError
from chassis.jwt.algorithms import ALGORITHMS, Algorithm
from chassis.jwt.compact import read_jwt
from chassis.jwt.keys import SignatureKey, read_key_set
from chassis.token_services.signed import SignedTokenServices
from jwts import ISSUER, SERVICE, claims, key, key_set, signed

_TOKENS, _BATCHES = 200, 15
_COORDINATE = 32


class _Nowhere:
    """Discovery of nothing: the keys are there already."""

    async def resolve(self, name: str, port: int) -> Address:
        del port
        raise NameNotFoundError(name)

    def report_failure(self, address: Address) -> None:
        del address


def _measure(_: Stack, runs: int, algorithm: Algorithm) -> list[Sample]:
    signer = key(algorithm)
    tokens = [signed(claims(jti=str(number)), signer) for number in range(_TOKENS)]
    return asyncio.run(_samples(signer, tokens, runs))


async def _samples(signer: SignatureKey, tokens: list[str], runs: int) -> list[Sample]:
    resource = {
        "id": SERVICE,
        "token_mode": "jwt",
        "jwk": {"key_set_uri": "http://cas-server-service/oauth/jwks"},
        "jwt": {"issuer": ISSUER},
    }
    live = LiveConfig.fixed(ServiceSettings(security={"oauth2": {"resource": resource}}))
    raw = [_raw(signer, token) for token in tokens]
    async with ServiceClients(live, discovery=_Nowhere()) as clients:
        services = SignedTokenServices(live, clients.caller)
        services._keys._keys = read_key_set(key_set(signer))
        services._keys._uri = resource["jwk"]["key_set_uri"]  # type: ignore[index]
        services._keys._fetched_at = time.monotonic()
        return [await _sample(services, tokens, raw) for _ in range(runs)]


async def _sample(
    services: SignedTokenServices, tokens: list[str], raw: list[Callable[[], object]]
) -> Sample:
    """Return the µs of CPU of a check, and of the signature alone."""
    checked = verified = float("inf")
    for _ in range(_BATCHES):
        began = time.process_time()
        for token in tokens:
            await services.authenticate(token)
        between = time.process_time()
        for verify in raw:
            verify()
        checked = min(checked, between - began)
        verified = min(verified, time.process_time() - between)
    return Sample(checked / _TOKENS * 1e6, verified / _TOKENS * 1e6)


def _raw(signer: SignatureKey, token: str) -> Callable[[], object]:
    """Return the verification of a token's signature; it raises `InvalidSignature`."""
    jwt = read_jwt(token)
    public = load_pem_public_key(signer.key.as_pem(private=False))
    if isinstance(public, EllipticCurvePublicKey):
        halves = jwt.signature[:_COORDINATE], jwt.signature[_COORDINATE:]
        der = encode_dss_signature(*(int.from_bytes(half) for half in halves))
        return partial(public.verify, der, jwt.signed, ECDSA(SHA256()))
    if isinstance(public, RSAPublicKey):
        return partial(public.verify, jwt.signature, jwt.signed, PKCS1v15(), SHA256())
    assert isinstance(public, Ed25519PublicKey)
    return partial(public.verify, jwt.signature, jwt.signed)


ROWS = tuple(
    Row(
        title=f"JWT checked in the chassis, {algorithm}",
        limit_title="cryptography, the signature alone",
        unit="µs",
        target=None,
        at_most=True,
        measure=partial(_measure, algorithm=algorithm),
    )
    for algorithm in ALGORITHMS
)
