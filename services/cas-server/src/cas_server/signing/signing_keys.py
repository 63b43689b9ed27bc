"""The signing keys of this load: which one signs now, and what is published of all.

A signature stays on the event loop: 40 to 70 µs with ES256 and EdDSA, 0.5 ms with RS256 (RSA of
2,048 bits). `cryptography` holds the interpreter meanwhile, so that a thread would free nothing
(docs/design/decisions/signing-keys.md).
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog

from cas_server.settings import CasSettings
from cas_server.signing.key_files import MountedKey, read_keys
from chassis import LiveConfig
from chassis.config import Snapshot
from chassis.jwt.algorithms import Algorithm
from chassis.jwt.compact import encoded, to_sign

if TYPE_CHECKING:
    from chassis.jwt.keys import SignatureKey

_CACHED = 64
_log = structlog.get_logger("cas_server.signing")


Told = Callable[[str], float | None]
"""Says since when (Unix seconds) a key signs before the time in its name; None where it waits."""


class SigningKeys:
    """Signs with the newest key whose time has come, or that was told to; follows each reload."""

    def __init__(self, live: LiveConfig[CasSettings], told: Told = lambda _: None) -> None:
        self._told = told
        self._mounted: Sequence[MountedKey] = ()
        self._take(live.settings)
        live.on_change(self._apply)

    @property
    def mounted(self) -> Sequence[MountedKey]:
        """Return the keys of this load, by the times from which they sign."""
        return self._mounted

    def signing(self, algorithm: Algorithm) -> "SignatureKey | None":
        """Return the key that signs now; None without a key of this algorithm.

        Where all their times are to come, the first one signs already: nothing was signed before.
        """
        found = self._signing(algorithm)
        return None if found is None else found.key

    def _signing(self, algorithm: Algorithm) -> MountedKey | None:
        now, first, latest = time.time(), None, None
        for one in self._mounted:
            if one.key.algorithm != algorithm:
                continue
            first = first or one
            if self.has_begun(one, now) and (
                latest is None or self.begins(latest) <= self.begins(one)
            ):
                latest = one
        return latest or first

    def has_begun(self, one: MountedKey, now: float) -> bool:
        """Return whether the time of a key has come, or it was told to sign."""
        return one.since <= now or self._told(one.key.id) is not None

    def begins(self, one: MountedKey) -> float:
        """Return since when, or from when on, a key signs (Unix seconds)."""
        told = self._told(one.key.id)
        return one.since if told is None else min(told, one.since)

    def following(self) -> Sequence[MountedKey]:
        """Return the key of each algorithm that is the next one to sign."""
        now, found = time.time(), dict[Algorithm, MountedKey]()
        for one in self._mounted:
            waits = not self.has_begun(one, now) and one is not self._signing(one.key.algorithm)
            if waits:
                found.setdefault(one.key.algorithm, one)
        return tuple(found.values())

    def first_to_come(self) -> Sequence[MountedKey]:
        """Return the keys that sign though their time is to come: there is none before them."""
        signs = [self._signing(alg) for alg in {one.key.algorithm for one in self._mounted}]
        now = time.time()
        return [one for one in signs if one is not None and not self.has_begun(one, now)]

    def sign(self, algorithm: Algorithm, kind: str, claims: Mapping[str, Any]) -> str:
        """Return a signed JWT of this `typ`; raise `LookupError` without a key."""
        key = self.signing(algorithm)
        if key is None:
            raise LookupError(algorithm)
        message = to_sign(_header(key.algorithm, key.id, kind), claims)
        return (message + b"." + encoded(key.sign(message))).decode("ascii")

    def published(self, key_id: str) -> "SignatureKey | None":
        """Return the key with this id, whether it signs or not."""
        return next((one.key for one in self._mounted if one.key.id == key_id), None)

    def public(self) -> list[dict[str, Any]]:
        """Return the public half of every key as a JWK (RFC 7517, 4), those to come included."""
        return [_jwk(mounted) for mounted in self._mounted]

    def _apply(self, snapshot: Snapshot[CasSettings]) -> None:
        self._take(snapshot.settings)

    def _take(self, settings: CasSettings) -> None:
        """Use the keys of a load; log their names, which say when each begins to sign."""
        mounted = read_keys(settings.signing_keys)
        if mounted != self._mounted:
            names = [one.name for one in mounted]
            _log.info("signing keys are published", names=names, ids=[m.key.id for m in mounted])
        self._mounted = mounted


@lru_cache(_CACHED)
def _header(algorithm: str, key_id: str, kind: str) -> bytes:
    fields = {"alg": algorithm, "kid": key_id, "typ": kind}
    return encoded(json.dumps(fields, separators=(",", ":")).encode())


def _jwk(mounted: MountedKey) -> dict[str, Any]:
    key = mounted.key
    public = key.key.as_dict(private=False)
    return {**public, "kid": key.id, "use": "sig", "alg": key.algorithm}
