"""The port to the token store, which knows tokens by their SHA-256."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, Self

from cas_server.tokens.access_tokens import Grant, Stamp, StoredToken
from cas_server.tokens.logins import Login

LookedUp = Callable[[StoredToken | Exception | None], None]

_STORED_FIELDS = (
    *("client_id", "scopes", "audience", "user_name", "user_fingerprint"),
    *("grant_type", "since", "client_since"),
)
"""The fields of a grant that a family stores, in this order; behind them, if any, its login."""
_OF_LOGIN = len(_STORED_FIELDS)


@dataclass(frozen=True, slots=True)
class Family:
    """The constants of a family of refresh tokens: the grant, its end (Unix seconds)."""

    id: str
    grant: Grant
    ends_at: int

    def encode(self) -> bytes:
        """Return the stored text; each refresh looks the authorities up."""
        fields = [getattr(self.grant, name) for name in _STORED_FIELDS]
        fields += [self.grant.login] if self.grant.login else []
        return json.dumps([self.ends_at, *fields], separators=(",", ":")).encode()

    @classmethod
    def decode(cls, name: str, text: bytes) -> Self:
        """Read a stored text."""
        ends_at, *fields = json.loads(text)
        stored = [tuple(field) if isinstance(field, list) else field for field in fields]
        grant: dict[str, Any] = dict(zip(_STORED_FIELDS, stored, strict=False))
        login = Login(*stored[_OF_LOGIN]) if len(stored) > _OF_LOGIN else None
        return cls(name, Grant(authorities=(), **grant, login=login), ends_at)


class FamilyState(NamedTuple):
    """A family, the number of its newest refresh token, and whether that has ended unused."""

    family: Family
    number: int
    idle: bool = False


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A new access token with a new refresh token of a family.

    `sealed_response` is the response to the client, sealed by the refresh token it presented.
    """

    family: Family
    number: int
    refresh_hash: str
    access_hash: str
    access: StoredToken
    idle_seconds: int
    sealed_response: bytes = b""

    def stamped(self, stamp: Stamp) -> Self:
        """Return the same, issued now; a family's own stamp never changes."""
        family = self.family
        if self.number == 1:
            family = replace(family, grant=family.grant.stamped(stamp))
        return replace(self, family=family, access=self.access.stamped(stamp))


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token that came back: the hash of its text, and its number."""

    refresh_hash: str
    number: int


class Bounds(NamedTuple):
    """How many live tokens a client may have, and families with one user; the oldest goes first."""

    tokens: int
    families: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a rotation ended: `rotated`, `repeated` (the first response), `reused`, `unknown`."""

    outcome: str
    sealed_response: bytes = b""


class Entry(NamedTuple):
    """The entry of a client, a user or a client's grant type: see `not_before`."""

    not_before: int
    marks: str


class IdentityTable(NamedTuple):
    """All entries at one moment; times in microseconds of Redis' clock.

    `keep` is the seconds for which the load with the longest validities stored entries.
    """

    version: int | None
    now: int
    entries: Mapping[str, Entry]
    keep: int = 0


class Change(NamedTuple):
    """A change of one entry, made only where the entry is still as `expected`.

    `ends`: what was issued until now becomes invalid. Without `marks` the entry is deleted.
    """

    name: str
    expected: Entry | None
    marks: str | None
    ends: bool


IssueResult = bool | Exception
IssueDone = Callable[[IssueResult], None]
VersionSeen = Callable[[int | None], Awaitable[None]]


class TokenStore(Protocol):
    """Stores tokens; every method raises `TemporarilyUnavailable` when Redis is unavailable.

    Methods that issue return None or False, and issue nothing, where the identities have another
    version by now than the token's `since`.
    """

    def access(self, token_hash: str) -> "asyncio.Future[StoredToken | None]":
        """Return an access token, for a while also an expired one."""

    def look_up(self, token_hash: str, done: LookedUp) -> None:
        """Have `done` called later with what `access` returns or raises; it must not raise."""

    async def family(self, name: str) -> FamilyState | None:
        """Return a family of refresh tokens that has not ended."""

    def issue(self, token_hash: str, token: StoredToken, *, most: int) -> "asyncio.Future[bool]":
        """Store an access token until it expires; its client has `most` at a time."""

    def begin_issue(
        self, token_hash: str, token: StoredToken, done: IssueDone, *, most: int
    ) -> None:
        """Have `done` called later with what `issue` returns or raises; it must not raise."""

    async def begin(self, pair: TokenPair, bounds: Bounds) -> bool:
        """Store the first pair of a family."""

    async def rotate(
        self, old: Presented, pair: TokenPair, bounds: Bounds, *, grace: float
    ) -> Rotation | None:
        """Replace a refresh token in one step; a reuse after `grace` seconds ends the family."""

    async def revoke_access(self, token_hash: str, token: StoredToken | None) -> None:
        """Revoke an access token, also one that is gone already."""

    async def revoke_family(self, family: Family) -> None:
        """Revoke a family: its refresh tokens and their access tokens."""

    def watch(self, seen: VersionSeen, is_current: Callable[[int | None], bool]) -> None:
        """Have `seen` awaited with the version of the identities before a look-up returns.

        It need not be where that `is_current`.
        """

    async def identities(self) -> IdentityTable:
        """Return the table of clients, users and grants."""

    async def change(self, changes: Sequence[Change], *, after: int, keep: int) -> bool:
        """Change entries at once, in a version after another; store them for `keep` seconds.

        Return False, and change nothing, where one of them was not as expected.
        """

    async def ping(self) -> None:
        """Return when the store responds."""

    async def aclose(self) -> None:
        """Close what is open."""
