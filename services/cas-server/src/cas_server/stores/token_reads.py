"""Look-ups of access tokens: one MGET has all of one turn of the event loop, and the version.

The usual batch needs no task: its reply is read where it arrives. One that finds the identities
changed, or a token without a record, goes on in a task.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from cas_server.stores import identity_commands
from cas_server.stores.batcher import Batcher, Done, Outcome
from cas_server.stores.opened_records import OpenedRecords
from cas_server.stores.redis_commands import RedisCommands
from cas_server.stores.token_store import VersionSeen
from cas_server.tokens import token_records
from cas_server.tokens.access_tokens import StoredToken
from cas_server.tokens.record_keys import RecordKeys

Tokens = Sequence[StoredToken | None]
_Reply = list[bytes | None]


class TokenReads:
    """Reads access tokens; tells `seen` the version of the identities before each result."""

    def __init__(self, commands: RedisCommands, keys: RecordKeys) -> None:
        self._commands, self._opened = commands, OpenedRecords(keys)
        self._batches = Batcher[str, StoredToken | None](self._read_all, self._begin)
        self.seen: VersionSeen = _ignore_version
        self.is_current: Callable[[int | None], bool] = _is_any_current

    def submit(self, token_hash: str) -> "asyncio.Future[StoredToken | None]":
        """Return an access token."""
        return self._batches.submit(token_hash)

    def submit_for(self, token_hash: str, done: Done[StoredToken | None]) -> None:
        """Have `done` called with what `submit` returns or raises."""
        self._batches.submit_for(token_hash, done)

    def _begin(
        self, hashes: Sequence[str], finished: Callable[[Outcome[StoredToken | None]], None]
    ) -> bool:
        names = [token_records.name_of(one) for one in hashes]

        def read(reply: _Reply | Awaitable[_Reply]) -> None:
            finished(self._at_once(names, reply) or self._judged(hashes, names, reply))

        return self._commands.begin_read(_command(names), read)

    def _at_once(self, names: Sequence[bytes], reply: _Reply | Awaitable[_Reply]) -> Tokens | None:
        """Return the tokens of a reply; None where there is something to wait for."""
        if not isinstance(reply, list) or None in reply:
            return None
        if not self.is_current(identity_commands.number(reply[-1])):
            return None
        try:
            return self._open_all(names, reply[:-1])
        except Exception:  # noqa: BLE001 - `_judged` meets it again, and fails its batch alone
            return None

    async def _read_all(self, hashes: Sequence[str]) -> Tokens:
        names = [token_records.name_of(one) for one in hashes]
        return await self._judged(hashes, names, self._commands.read(*_command(names)))

    async def _judged(
        self, hashes: Sequence[str], names: Sequence[bytes], reply: _Reply | Awaitable[_Reply]
    ) -> Tokens:
        """Return the tokens of a reply; those without a record may have one of the earlier form."""
        found = await self._versioned(reply)
        tokens = self._open_all(names, found)
        missing = [place for place, sealed in enumerate(found) if sealed is None]
        if missing:
            names = [token_records.earlier_name_of(hashes[place]) for place in missing]
            earlier = await self._versioned(self._commands.read(*_command(names)))
            for place, name, sealed in zip(missing, names, earlier, strict=True):
                if sealed is not None:
                    tokens[place] = self._opened.open(name, sealed, token_records.decode_earlier)
        return tokens

    async def _versioned(self, reply: _Reply | Awaitable[_Reply]) -> Sequence[bytes | None]:
        """Return the records of a reply, once the version beside them is known."""
        *found, version = reply if isinstance(reply, list) else await reply
        await self.seen(identity_commands.number(version))
        return found

    def _open_all(
        self, names: Sequence[bytes], found: Sequence[bytes | None]
    ) -> list[StoredToken | None]:
        return [
            None if sealed is None else self._opened.open(name, sealed, token_records.decode)
            for name, sealed in zip(names, found, strict=True)
        ]


def _command(names: Sequence[bytes]) -> tuple[str | bytes, ...]:
    return ("MGET", *names, identity_commands.VERSION)


async def _ignore_version(_: int | None) -> None:
    """Ignore the version of the identities."""


def _is_any_current(_: int | None) -> bool:
    return True
