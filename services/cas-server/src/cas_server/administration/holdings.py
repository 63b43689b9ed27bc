"""What clients and users hold, in pages, and its end.

A page costs a bounded number of reads, whatever there is: so it may be shorter than asked for, or
empty, and yet name a next one.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from cas_server.administration.ended import Ended, end_codes, ended
from cas_server.administration.selection import Cursor, Selection
from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler
from cas_server.stores.authorization_codes import AuthorizationCodes
from cas_server.stores.redis_holdings import Extent, Index, Member, Piece, RedisHoldings
from cas_server.stores.token_store import Family, FamilyState, TokenStore
from cas_server.tokens.access_tokens import StoredToken

MOST_INDEXES = 1000
"""Indexes that one page reads."""
MOST_RECORDS = 1000
"""Records that one page reads."""
MOST_ENDED = 500
"""Families or tokens that one request ends."""
HANDLE_CHARACTERS = 16
"""Of the SHA-256 of an access token: enough to tell it from others, too few to find it by."""

T = TypeVar("T")


class Holder(NamedTuple):
    """How much there is of one kind: access tokens of a client, or families of it and a user."""

    of: Index
    extent: Extent


class HeldFamily(NamedTuple):
    """A live family of refresh tokens; times in Unix seconds."""

    state: FamilyState
    issued_at: int


class HeldToken(NamedTuple):
    """A live access token, by its SHA-256."""

    token_hash: str
    stored: StoredToken

    @property
    def handle(self) -> str:
        """Return the name under which administration shows it."""
        return self.token_hash[:HANDLE_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a listing, and where the next one begins."""

    items: Sequence[T]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Administration:
    """Lists and ends what was issued; by the same validity as every other check."""

    holdings: RedisHoldings
    store: TokenStore
    identities: Identities
    reconciler: IdentityReconciler
    codes: AuthorizationCodes

    async def holders(self, selection: Selection, limit: int) -> Page[Holder]:
        """Return who holds how much; with a user, of its families alone."""
        indexes, following = _first(selection.of_all(), MOST_INDEXES)
        extents = await self.holdings.extents(indexes)
        found = [Holder(*one) for one in zip(indexes, extents, strict=True) if one[1].number]
        if len(found) > limit:
            return Page(found[:limit], Cursor(*found[limit - 1].of, 0))
        return Page(found, following)

    async def families(self, selection: Selection, limit: int) -> Page[HeldFamily]:
        """Return live families, by client and user, the newest first."""
        await self.follow()
        members, following = await self._members(selection, selection.of_families(), limit)
        states = await self.holdings.families(members)
        items = [
            HeldFamily(state, member.issued_at)
            for state, member in zip(states, members, strict=True)
            if state is not None and self._is_live(state)
        ]
        return Page(items, following)

    async def tokens(self, selection: Selection, limit: int) -> Page[HeldToken]:
        """Return live access tokens, by client, the newest first."""
        await self.follow()
        # A client's index does not say whose a token is.
        most = MOST_RECORDS if selection.user else limit
        members, following = await self._members(selection, selection.of_tokens(), most)
        stored = await self.holdings.tokens(members)
        found = [
            (member, HeldToken(member.token_hash, token))
            for member, token in zip(members, stored, strict=True)
            if token is not None and self._is_meant(token, selection.user)
        ]
        if len(found) > limit:
            last = found[limit - 1][0]
            following = Cursor(*last.of, last.score)
        return Page([held for _, held in found[:limit]], following)

    async def family(self, name: str) -> Family | None:
        """Return a family by its name."""
        state = await self.store.family(name)
        return None if state is None else state.family

    async def token(self, client_id: str, handle: str) -> HeldToken | None:
        """Return a client's access token by its handle, the newest where two have the same."""
        below: int | None = 0
        while below is not None:
            piece = Piece(Index(client_id), below, MOST_RECORDS)
            members = await self.holdings.members((piece,))
            named = [member for member in members if member.token_hash.startswith(handle)]
            for member, stored in zip(named, await self.holdings.tokens(named), strict=True):
                if stored is not None:
                    return HeldToken(member.token_hash, stored)
            below = members[-1].score if len(members) == MOST_RECORDS else None
        return None

    async def end_family(self, family: Family) -> Ended:
        """End one family, with its access tokens."""
        return await ended((family,), self.store.revoke_family)

    async def end_token(self, held: HeldToken) -> Ended:
        """End one access token."""
        return await ended((held,), self._revoke)

    async def end_families(self, selection: Selection) -> Ended:
        """End the families of one page, with their access tokens; with the first one the codes.

        Those end first: each would be a family by the time that the families have ended.
        """
        users = () if selection.after else selection.users
        codes = await end_codes(self.codes, users, selection.client)
        page = await self.families(selection, MOST_ENDED)
        families = [held.state.family for held in page.items]
        return (await ended(families, self.store.revoke_family, page.next)).besides(codes)

    async def end_tokens(self, selection: Selection) -> Ended:
        """End the access tokens of one page."""
        page = await self.tokens(selection, MOST_ENDED)
        return await ended(page.items, self._revoke, page.next)

    async def follow(self) -> None:
        """Have the newest not-before times, as before each look-up."""
        await self.reconciler.follow(await self.holdings.version())

    async def _revoke(self, held: HeldToken) -> None:
        await self.store.revoke_access(held.token_hash, held.stored)

    async def _members(
        self, selection: Selection, indexes: Iterator[Index], most: int
    ) -> tuple[Sequence[Member], Cursor | None]:
        """Return the next members of some indexes, and the cursor behind them."""
        some, following = _first(indexes, MOST_INDEXES)
        extents = await self.holdings.extents(some)
        pieces: list[Piece] = []
        for index, extent in zip(some, extents, strict=True):
            if extent.number and most:
                taken = min(extent.number, most)
                pieces.append(Piece(index, selection.below(index), taken))
                most -= taken
        members = await self.holdings.members(pieces)
        if not most and members:
            following = Cursor(*members[-1].of, members[-1].score)
        elif not most:
            following = Cursor(*pieces[-1].of, 0)
        return members, following

    def _is_live(self, state: FamilyState) -> bool:
        alive = not state.idle and time.time() < state.family.ends_at
        return alive and self.identities.is_still_valid(state.family.grant)

    def _is_meant(self, token: StoredToken, user: str) -> bool:
        is_live = time.time() < token.expires_at and self.identities.is_still_valid(token)
        return is_live and user in ("", token.user_name)


def _first(indexes: Iterator[Index], most: int) -> tuple[Sequence[Index], Cursor | None]:
    """Return the first indexes, and the cursor behind them where there are more."""
    some = list(islice(indexes, most + 1))
    return some[:most], Cursor(*some[most - 1], 0) if len(some) > most else None
