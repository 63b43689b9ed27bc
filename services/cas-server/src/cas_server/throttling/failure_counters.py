"""How wrong logins are counted: by pair of name and address, by address, and by name.

Clients and users have counters of their own: docs/design/lockout.md, "What is counted".
"""

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

_DIGEST = 16
_IPV6_SITE = 64
_CACHED = 4096
"""Addresses whose digests are known: a flood comes from few of them for each of its requests."""


class Kind(StrEnum):
    """Whose secret is tried."""

    CLIENT = "client"
    USER = "user"


class Outcome(StrEnum):
    """How an attempt ended; `WITHDRAWN` where the secret was not compared."""

    PASSED = "passed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Limit:
    """One counter: `free` failures, then a wait of `first` seconds that doubles up to `most`.

    An entry is forgotten `QUIET_S` and three waits after its last failure; of more than `entries`
    those go first that would be forgotten first, so that no flood of single failures evicts a name
    that is being guessed.
    """

    free: int
    first: int
    most: int
    entries: int

    def wait(self, failures: int) -> int:
        """Return the seconds to wait after this number of failures."""
        over = failures - self.free
        return 0 if over < 0 else min(self.most, self.first << min(over, 16))

    def remembered(self, failures: int) -> int:
        """Return for how many seconds after the last one the failures count."""
        return QUIET_S + 3 * self.wait(failures)


QUIET_S = 900
PAIR = Limit(free=10, first=60, most=900, entries=40_000)
ADDRESS = Limit(free=20, first=1, most=60, entries=20_000)
NAME = Limit(free=20, first=60, most=900, entries=20_000)
LIMITS = (PAIR, ADDRESS, NAME)
COUNTERS = ("pair", "address", "name")
"""The names of the counters, in the order of their limits."""
PAIR_UNDER_SUSPICION = 3
"""Failures of a pair from which on the wait of its name holds for it as well."""
ADDRESS_UNDER_SUSPICION = 10
"""Failures of an address from which on the waits of all names hold for it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a secret. Counted are digests, which have one size and show no names."""

    kind: Kind
    pair: bytes
    address: bytes
    name: bytes
    id: bytes = field(default_factory=lambda: secrets.token_hex(8).encode())

    @classmethod
    def of(cls, kind: Kind, name: str, address: str) -> "Attempt":
        """Return an attempt on a name from an address."""
        site = site_of(address)
        pair, name_alone = _digest(kind, site, name), _digest(kind, "", name)
        return cls(kind, pair, _site_digest(kind, site), name_alone)

    @property
    def counted(self) -> tuple[bytes, bytes, bytes]:
        """Return what is counted, in the order of `LIMITS`."""
        return self.pair, self.address, self.name


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an attempt may be made: now, after `wait` seconds, or once another one has ended.

    `by` is the counter that demands the wait (`pair`, `address` or `name`); `clean` means an
    address without failures.
    """

    wait: float = 0.0
    by: str = ""
    busy: bool = False
    clean: bool = True


class FailureCounters(Protocol):
    """Counts failures; a pair has no more attempts under way than it has failures left."""

    async def look(self, attempt: Attempt) -> Admission:
        """Return what `admit` would, without beginning an attempt."""

    async def admit(self, attempt: Attempt) -> Admission:
        """Return whether an attempt may be made; if so, it is under way until it is settled."""

    async def settle(self, attempt: Attempt, outcome: Outcome) -> None:
        """Count how an attempt ended: a failure everywhere, a success clears its pair."""


@lru_cache(_CACHED)
def site_of(address: str) -> str:
    """Return what counts as one address: for IPv6 the /64, which one caller has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), _IPV6_SITE), strict=False))


@lru_cache(_CACHED)
def _site_digest(kind: Kind, site: str) -> bytes:
    return _digest(kind, site)


def _digest(*parts: str) -> bytes:
    text = "\0".join(parts).encode(errors="surrogatepass")
    return hashlib.sha256(text).digest()[:_DIGEST]
