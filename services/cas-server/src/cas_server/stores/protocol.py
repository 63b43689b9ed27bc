"""What the endpoints ask of a token store; all names of tokens are their SHA-256."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

from cas_server.tokens import Grant, StoredToken


@dataclass(frozen=True, slots=True)
class RefreshRecord:
    """What is kept of a refresh token: the grant, its lineage, its absolute end (Unix seconds)."""

    grant: Grant
    family: str
    ends_at: int
    rotated: bool = False
    """Whether it has a successor by now; never part of the stored text."""

    def encode(self) -> str:
        """Return the stored text."""
        fields = asdict(self)
        del fields["rotated"]
        return json.dumps(fields, separators=(",", ":"))

    @classmethod
    def decode(cls, text: bytes, *, rotated: bool = False) -> Self:
        """Read a stored text."""
        fields = json.loads(text)
        grant: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields.pop("grant").items()
        }
        return cls(grant=Grant(**grant), rotated=rotated, **fields)


@dataclass(frozen=True, slots=True)
class Lineage:
    """A new access token with a new refresh token of the same family.

    `sealed_answer` is the answer to the client, readable only with the token it was made for.
    """

    access_hash: str
    access: StoredToken
    refresh_hash: str
    refresh: RefreshRecord
    idle_seconds: int
    sealed_answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a rotation ended: `rotated`, `repeated` (with the first answer), `reused`, `unknown`."""

    outcome: str
    sealed_answer: bytes = b""


class TokenStore(Protocol):
    """Keeps tokens; every method raises `TemporarilyUnavailable` when the store is away."""

    async def access(self, token_hash: str) -> StoredToken | None:
        """Return an access token; an expired one is known for a while."""

    async def refresh(self, token_hash: str) -> RefreshRecord | None:
        """Return a refresh token, rotated or not."""

    async def issue(self, token_hash: str, token: StoredToken) -> None:
        """Keep an access token until it expires."""

    async def begin(self, lineage: Lineage) -> None:
        """Keep the first pair of a family."""

    async def rotate(self, old_hash: str, lineage: Lineage, *, grace: float) -> Rotation:
        """Replace a refresh token in one step; a reuse after `grace` seconds ends the family."""

    async def revoke_access(self, token_hash: str) -> None:
        """End an access token."""

    async def revoke_family(self, family: str) -> None:
        """End a family: its refresh tokens and all access tokens they brought."""

    async def ping(self) -> None:
        """Return when the store answers."""

    async def aclose(self) -> None:
        """Close what is open."""
