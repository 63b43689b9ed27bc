"""Signing keys as they are mounted: one file each, in PEM, whose name says from when on it signs.

`signing-keys.20261127T080500Z-es256` signs from that time (UTC) on, until a key of its algorithm
with a later time does. A name that begins with no digit signs from the beginning. So all replicas
choose the same key, whenever kubelet brought each the file
(docs/design/decisions/signing-keys.md).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pydantic import SecretStr

from chassis.config import ConfigError

if TYPE_CHECKING:
    from chassis.jwt.keys import SignatureKey

MAX_KEYS = 32
_TIMED = re.compile(r"(\d{8}T\d{6}Z)(?:-[A-Za-z0-9._-]*)?", re.ASCII)
_FORM = "%Y%m%dT%H%M%SZ"


class MountedKey(NamedTuple):
    """A key that signs from a time (Unix seconds) on; later ones are greater."""

    since: float
    name: str
    key: "SignatureKey"


def read_keys(mounted: Mapping[str, SecretStr]) -> tuple[MountedKey, ...]:
    """Return the keys by time; raise `ConfigError`, which names the file of an unusable one."""
    if len(mounted) > MAX_KEYS:
        raise ConfigError(f"has more than {MAX_KEYS} keys; remove old ones", key="signing-keys")
    keys = [_mounted(name, pem) for name, pem in mounted.items()]
    first: dict[str, str] = {}
    for one in keys:
        if (other := first.setdefault(one.key.id, one.name)) != one.name:
            raise ConfigError(f"has the key of {other}", key=f"signing-keys.{one.name}")
    return tuple(sorted(keys, key=lambda one: one[:2]))


def _mounted(name: str, pem: SecretStr) -> MountedKey:
    try:
        return MountedKey(_signs_from(name), name, _parsed(pem.get_secret_value()))
    except ValueError as error:
        raise ConfigError(str(error), key=f"signing-keys.{name}") from None


@lru_cache(MAX_KEYS)
def _parsed(pem: str) -> "SignatureKey":
    """Parse a key once for all loads that have it: to check one of RSA takes 50 ms."""
    from chassis.jwt.keys import private_key  # noqa: PLC0415 - 11 MiB, where there are keys

    return private_key(pem)


def _signs_from(name: str) -> float:
    if not name[:1].isdigit():
        return 0.0
    found = _TIMED.fullmatch(name)
    try:
        moment = datetime.strptime(found[1] if found else name, _FORM).replace(tzinfo=UTC)
    except ValueError:
        reason = "has a name that begins with no time such as 20261127T080500Z"
        raise ValueError(reason) from None
    return moment.timestamp()
