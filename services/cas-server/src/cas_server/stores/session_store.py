"""The stores of sessions and of consents on Redis, which know neither cookies nor their meaning.

Both seal their records (docs/design/identities.md, "Records carry a MAC"), and each reply has the
version of the identities, on which the caller has to act.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cas_server.stores import session_scripts as scripts
from cas_server.stores.identity_commands import VERSION, number
from cas_server.stores.issue_command import tokens_of
from cas_server.stores.people_keys import codes_of, consents_of, session_key, sessions_of
from cas_server.stores.redis_commands import RedisCommands
from cas_server.tokens.record_keys import RecordKeys


class Limits(NamedTuple):
    """How long a session lives unused and at all, in seconds, and how many a user has."""

    idle: int
    longest: int
    most: int


class Stored(NamedTuple):
    """A session in the store: the hash of its cookie, its text, and when it was last used."""

    hash: str
    text: bytes
    seen_at: int


class SessionStore:
    """Stores sessions by the SHA-256 of their cookies; an outage is a 503."""

    def __init__(self, commands: RedisCommands, keys: RecordKeys) -> None:
        self._commands, self._keys = commands, keys

    async def use(self, cookie_hash: str, *, idle: int) -> tuple[int | None, Stored | None]:
        """Return the version and, if it has not ended, the session, which is used by that."""
        key = session_key(cookie_hash)
        version, *found = await self._commands.look("EVAL", scripts.USE, 2, key, VERSION, idle)
        text = self._keys.open(key.encode(), found[0]) if found else None
        return number(version), None if text is None else Stored(cookie_hash, text, found[1])

    async def begin(
        self, user: str, session: Stored, limits: Limits, *, since: int, replaced: str | None
    ) -> bool:
        """Store a session, and end the one that it replaces; the user's oldest may have to go.

        Return False, and store nothing, where the identities have another version than `since`.
        """
        key = session_key(session.hash)
        keys = [VERSION, key, sessions_of(user)]
        if replaced is not None:
            keys.append(session_key(replaced))
        data = self._keys.seal(key.encode(), session.text)
        values = (since, data, *limits)
        command = ("EVAL", scripts.BEGIN_SESSION, len(keys), *keys, *values)
        return bool(await self._commands.write(*command))

    async def of(self, user: str) -> tuple[int | None, Sequence[Stored]]:
        """Return the version and a user's sessions, the oldest first."""
        command = ("EVAL", scripts.SESSIONS, 2, sessions_of(user), VERSION)
        version, *found = await self._commands.look(*command)
        return number(version), list(self._opened(found))

    async def end(self, user: str, hashes: Sequence[str]) -> int:
        """End sessions of a user, and the codes that wait in them; return how many sessions."""
        if not hashes:
            return 0
        keys = (sessions_of(user), codes_of(user), *map(session_key, hashes))
        return int(await self._commands.write("EVAL", scripts.END_SESSIONS, len(keys), *keys))

    def _opened(self, found: Sequence[tuple[bytes, bytes, int]]) -> Iterator[Stored]:
        for member, data, seen in found:
            cookie_hash = member.decode(errors="replace")
            text = self._keys.open(session_key(cookie_hash).encode(), data)
            if text is not None:
                yield Stored(cookie_hash, text, seen)


class ConsentStore:
    """Stores what each user allowed to which client."""

    def __init__(self, commands: RedisCommands, keys: RecordKeys) -> None:
        self._commands, self._keys = commands, keys

    async def of(self, user: str) -> tuple[int | None, Mapping[str, bytes]]:
        """Return the version, and the texts of a user's consents by client."""
        command = ("EVAL", scripts.CONSENTS, 2, consents_of(user), VERSION)
        version, flat = await self._commands.look(*command)
        pairs = zip(flat[::2], flat[1::2], strict=True)
        found = {client.decode(errors="replace"): sealed for client, sealed in pairs}
        opened = {name: self._keys.open(_name(user, name), data) for name, data in found.items()}
        return number(version), {name: text for name, text in opened.items() if text is not None}

    async def allow(self, user: str, client: str, text: bytes, *, since: int, ttl: int) -> bool:
        """Store a consent; return False where the identities have another version than `since`."""
        data = self._keys.seal(_name(user, client), text)
        command = ("EVAL", scripts.ALLOW, 2, VERSION, consents_of(user), since, client, data, ttl)
        return bool(await self._commands.write(*command))

    async def withdraw(self, user: str, client: str) -> int:
        """Delete a consent, and end what the client has for the user: codes, families, tokens.

        Return how many of them there were; a family counts as one, whatever its tokens.
        """
        keys = (consents_of(user), f"g:f:{client}:{user}", tokens_of(client), codes_of(user))
        return int(await self._commands.write("EVAL", scripts.WITHDRAW, len(keys), *keys, client))


def _name(user: str, client: str) -> bytes:
    """Return the name by which a consent is sealed."""
    return f"{consents_of(user)}:{client}".encode()
