"""Not-before times: what was issued before an identity ended is never valid again.

Redis stores marks (fingerprints of secrets, never the secrets) and a not-before time for each
client, each user and each grant type of a client. Each replica compares each load of the
configuration with them: an identity that is gone, or has none of its marks left, ends now, by
Redis' clock. Such a time only grows, so a replica with an older configuration may end an identity
once more, and revives none.

The version is the time of the latest change. Every token look-up reads it too, and every script
that issues a token requires it, so that each replica acts on the newest times.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeVar

from cas_server.errors import InvalidGrant, Unconfirmed
from cas_server.identities.differences import audit_changes, differences, has_ended
from cas_server.identities.identities import Identities, NotBefore
from cas_server.settings import CasSettings
from cas_server.stores.token_store import Change, Entry, IdentityTable, TokenStore
from cas_server.tokens.access_tokens import Grant, Stamp
from chassis import LiveConfig
from chassis.config import Snapshot
from chassis.errors import TemporarilyUnavailable

T = TypeVar("T")
Entered = Callable[[AbstractSet[str]], None]

_AT_ONCE = 2000
_TRIES = 100
_RETRY_S = 1.0
_MARGIN_S = 3600
_CLIENT = "client:"
_NOBODY = Entry(0, "")


class Moment(NamedTuple):
    """The load, and the version of the identities, under which a caller was authenticated."""

    load: int
    version: int
    clients: Mapping[str, int]

    def stamp(self, client_id: str) -> Stamp:
        """Return the stamp of what is issued to a client at this moment."""
        return Stamp(self.version, self.clients.get(client_id, 0))


class IdentityReconciler:
    """Compares each load with the store, and sets the not-before times of `identities`."""

    def __init__(
        self,
        identities: Identities,
        store: TokenStore,
        live: LiveConfig[CasSettings],
        is_needed: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`is_needed` says whether an entry that is no identity's is still needed."""
        self._identities, self._store, self._is_needed = identities, store, is_needed
        self._marks = identities.marks()
        self._missed: set[str] = set()
        self._version: int | None = None
        self._compared, self._load = False, 0
        self._due, self._turn = asyncio.Event(), asyncio.Lock()
        self._due.set()
        store.watch(self.follow, self.is_current)
        live.on_change(self._reloaded)

    async def run(self) -> None:
        """Compare each load as soon as it is active; until cancelled."""
        while True:
            await self._due.wait()
            try:
                await self.follow(self._version)
            except TemporarilyUnavailable:
                await asyncio.sleep(_RETRY_S)

    async def now(self) -> Moment:
        """Return the present moment, once this load is compared."""
        if (moment := self.present()) is not None:
            return moment
        await self.follow(None)
        return self._moment()

    def present(self) -> Moment | None:
        """Return the present moment; None where this load is not compared yet."""
        return None if self._version is None or not self._compared else self._moment()

    def _moment(self) -> Moment:
        return Moment(self._load, self._version or 0, self._identities.not_before.clients)

    def is_current(self, seen: int | None) -> bool:
        """Return whether this load is compared, and the known version is the one `seen`."""
        return self._compared and seen == self._version

    async def follow(self, seen: int | None) -> None:
        """Return once this load is compared, and the known version is the one `seen`."""
        if self.is_current(seen):
            return
        async with self._turn:
            while not self.is_current(seen):
                await self._refresh()
                seen = self._version

    async def issue(
        self,
        grant: Grant,
        write: Callable[[Stamp], Awaitable[T | None]],
        *,
        load: int | None = None,
    ) -> T:
        """Have `write` issue what was granted, under the present stamp.

        `write` returns None where there is a newer one. A client that was authenticated under
        `load` need not be again while that is active. Raises `InvalidGrant` where the client, the
        user or the grant has ended since.
        """

        async def at(now: Moment) -> T | None:
            nonlocal grant
            grant, stamp = self.admit(grant, now, load=load)
            return await write(stamp)

        return await self.write(at)

    def admit(self, grant: Grant, now: Moment, *, load: int | None) -> tuple[Grant, Stamp]:
        """Return the grant as it is `now`, and the stamp of what is issued; raise `InvalidGrant`.

        `load`: see `issue`.
        """
        stamp = now.stamp(grant.client_id)
        if now.load == load:
            grant = grant.stamped(stamp)
        if not self._identities.is_still_valid(grant):
            raise InvalidGrant("The client or user has changed meanwhile")
        return grant, stamp

    async def write(self, write: Callable[[Moment], Awaitable[T | None]]) -> T:
        """Have `write` change the store at the present moment.

        It returns None where there is a newer one, and is called again then.
        """
        for _ in range(_TRIES):
            if (written := await write(await self.now())) is not None:
                return written
            async with self._turn:
                await self._refresh()
        raise TemporarilyUnavailable("The configuration is changing; try again")

    async def enter(self, names: Iterable[str], entered: Entered) -> None:
        """Enter the present time under names that are no identity's, and adopt it.

        `entered` is called with those that were not there, as soon as the store has them.
        """
        wanted = set(names)
        async with self._turn:
            for _ in range(_TRIES):
                await self._refresh()
                table = await self._store.identities()
                if self._is_lost(table):
                    continue
                missing = wanted - table.entries.keys()
                if not missing or await self._entered(missing, entered):
                    return await self._refresh()
            raise TemporarilyUnavailable("The configuration is changing; try again")

    async def _entered(self, names: AbstractSet[str], entered: Entered) -> bool:
        """Enter names; return False where another replica was faster."""
        changes = [Change(name, None, "", ends=True) for name in names]
        try:
            changed = await self._store.change(changes, after=0, keep=self._keep)
        except Unconfirmed as error:
            # A failover may lose it; until then it holds.
            entered(names if error.result else set())
            raise
        entered(names if changed else set())
        return changed

    def _reloaded(self, _: Snapshot[CasSettings]) -> None:
        """Schedule a comparison; remember what a skipped load ended: no other replica may know."""
        before, self._marks = self._marks, self._identities.marks()
        if not self._compared:
            names = before.keys() | self._marks.keys()
            self._missed |= {
                n for n in names if has_ended(before.get(n, ""), self._marks.get(n, ""))
            }
        self._compared = False
        self._load += 1
        self._due.set()

    async def _refresh(self) -> None:
        """Read and change the table until it agrees with this load; then adopt its times."""
        marks, missed, settled = self._marks, set(self._missed), self._compared
        for _ in range(_TRIES):
            table = await self._store.identities()
            lost = self._is_lost(table)
            full = lost or not self._compared
            if lost:
                missed |= self._lost(table)
            keep = max(self._keep, table.keep) if full else None
            needed = self._is_needed
            changes = list(differences(table, marks, missed, keep=keep, is_needed=needed))
            if settled and not changes and not lost:
                break
            if settled := await self._change(changes, after=self._version or 0 if lost else 0):
                self._missed -= missed
                missed.clear()
        else:
            raise TemporarilyUnavailable("The configuration is being compared; try again")
        self._adopt(table)
        if marks is self._marks:
            self._compared = True
            self._due.clear()

    async def _change(self, changes: list[Change], *, after: int) -> bool:
        """Make the changes and audit them; return False where another replica was faster."""
        for start in range(0, max(len(changes), 1), _AT_ONCE):
            some = changes[start : start + _AT_ONCE]
            try:
                changed = await self._store.change(some, after=after, keep=self._keep)
            except Unconfirmed as error:
                # The next comparison finds these made, and would not audit them.
                audit_changes(some if error.result else ())
                raise
            if not changed:
                return False
            audit_changes(some)
        return True

    def _is_lost(self, table: IdentityTable) -> bool:
        """Return whether the store has lost the table or the latest of it, or never had one."""
        return table.version is None or table.version < (self._version or 0)

    def _lost(self, table: IdentityTable) -> set[str]:
        """Return the names whose times the store has lost."""
        known = self._identities.not_before.times.items()
        return {n for n, time in known if time > table.entries.get(n, _NOBODY).not_before}

    @property
    def _keep(self) -> int:
        """Return for how many seconds the table is needed: until what was issued expires."""
        return self._identities.longest_validity + _MARGIN_S

    def _adopt(self, table: IdentityTable) -> None:
        times = {name: e.not_before for name, e in table.entries.items() if e.not_before}
        clients = dict(self._identities.not_before.clients)
        for name, own in self._marks.items():
            entry = table.entries.get(name, _NOBODY)
            if name.startswith(_CLIENT) and not has_ended(entry.marks, own):
                clients[name.removeprefix(_CLIENT)] = entry.not_before
        self._identities.not_before = NotBefore(max(times.values(), default=0), times, clients)
        self._version = table.version
