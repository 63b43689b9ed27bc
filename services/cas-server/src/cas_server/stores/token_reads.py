"""Look-ups of access tokens: one MGET has all of a turn or two of the event loop, and the version.

The usual batch needs no task: its reply is read where it arrives. One that finds the identities
changed, or a token without a record, goes on in a task.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from typing import NamedTuple

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


class _Look(NamedTuple):
    """A token to look up, and the context of its request: what is logged has its trace id."""

    token_hash: str
    context: Context


class TokenReads:
    """Reads access tokens; tells `seen` the version of the identities before each result."""

    def __init__(self, commands: RedisCommands, keys: RecordKeys) -> None:
        self._commands, self._opened = commands, OpenedRecords(keys)
        self._batches = Batcher[_Look, StoredToken | None](self._read_all, self._begin)
        self.seen: VersionSeen = _ignore_version
        self.is_current: Callable[[int | None], bool] = _is_any_current

    def submit(self, token_hash: str) -> "asyncio.Future[StoredToken | None]":
        """Return an access token."""
        return self._batches.submit(_Look(token_hash, copy_context()))

    def submit_for(self, token_hash: str, done: Done[StoredToken | None]) -> None:
        """Have `done` called with what `submit` returns or raises."""
        self._batches.submit_for(_Look(token_hash, copy_context()), done)

    def _begin(
        self, looks: Sequence[_Look], finished: Callable[[Outcome[StoredToken | None]], None]
    ) -> bool:
        names = _names(looks)

        def read(reply: _Reply | Awaitable[_Reply]) -> None:
            finished(self._at_once(looks, names, reply) or self._judged(looks, names, reply))

        begin = self._commands.begin_read
        return looks[0].context.copy().run(begin, _command(names), read)

    def _at_once(
        self, looks: Sequence[_Look], names: Sequence[bytes], reply: _Reply | Awaitable[_Reply]
    ) -> Tokens | None:
        """Return the tokens of a reply; None where there is something to wait for."""
        if not isinstance(reply, list) or None in reply:
            return None
        if not self.is_current(identity_commands.number(reply[-1])):
            return None
        try:
            return self._open_all(looks, names, reply[:-1])
        except Exception:  # noqa: BLE001 - `_judged` meets it again, in a task that fails the batch
            return None

    async def _read_all(self, looks: Sequence[_Look]) -> Tokens:
        names = _names(looks)
        return await self._judged(looks, names, self._commands.read(*_command(names)))

    async def _judged(
        self, looks: Sequence[_Look], names: Sequence[bytes], reply: _Reply | Awaitable[_Reply]
    ) -> Tokens:
        """Return the tokens of a reply; those without a record may have one of the earlier form."""
        found = await self._versioned(reply)
        tokens = self._open_all(looks, names, found)
        missing = [place for place, sealed in enumerate(found) if sealed is None]
        if missing:
            names = [token_records.earlier_name_of(looks[place].token_hash) for place in missing]
            earlier = await self._versioned(self._commands.read(*_command(names)))
            decode, opened = token_records.decode_earlier, self._opened.open
            for place, name, sealed in zip(missing, names, earlier, strict=True):
                if sealed is not None:
                    tokens[place] = opened(name, sealed, decode, looks[place].context)
        return tokens

    async def _versioned(self, reply: _Reply | Awaitable[_Reply]) -> Sequence[bytes | None]:
        """Return the records of a reply, once the version beside them is known."""
        *found, version = reply if isinstance(reply, list) else await reply
        await self.seen(identity_commands.number(version))
        return found

    def _open_all(
        self, looks: Sequence[_Look], names: Sequence[bytes], found: Sequence[bytes | None]
    ) -> list[StoredToken | None]:
        decode, opened = token_records.decode, self._opened.open
        return [
            None if sealed is None else opened(name, sealed, decode, look.context)
            for look, name, sealed in zip(looks, names, found, strict=True)
        ]


def _names(looks: Sequence[_Look]) -> Sequence[bytes]:
    return [token_records.name_of(look.token_hash) for look in looks]


def _command(names: Sequence[bytes]) -> tuple[str | bytes, ...]:
    return ("MGET", *names, identity_commands.VERSION)


async def _ignore_version(_: int | None) -> None:
    """Ignore the version of the identities."""


def _is_any_current(_: int | None) -> bool:
    return True
