"""Access tokens without a refresh token: made, and stored under the present identities."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from cas_server.identities.clients import Client
from cas_server.identities.not_before import IdentityReconciler, Moment
from cas_server.stores.token_store import IssueResult, TokenStore
from cas_server.tokens.access_tokens import Grant, Stamp, StoredToken, token_hash
from cas_server.tokens.jwt_access_tokens import AccessTokenValues
from cas_server.tokens.token_pairs import TokenResponse

Done = Callable[[Exception | None], None]


class _Draft(NamedTuple):
    """An access token that is made and not stored; its client has `most` at a time."""

    grant: Grant
    stored: StoredToken
    name: str
    most: int
    response: TokenResponse


class AccessOnly:
    """Issues access tokens: `issue` waits until one is stored, `begin` does not."""

    def __init__(
        self, store: TokenStore, values: AccessTokenValues, reconciler: IdentityReconciler
    ) -> None:
        self._store, self._values, self._reconciler = store, values, reconciler
        self._again: set[asyncio.Task[None]] = set()

    async def issue(self, grant: Grant, client: Client, *, load: int) -> TokenResponse:
        """Return the response once the token is stored; raise `InvalidGrant`.

        `load` is that under which the client was authenticated.
        """
        draft = self._draft(grant, client)
        await self._write(draft, load)
        return draft.response

    def begin(self, grant: Grant, client: Client, now: Moment, done: Done) -> TokenResponse:
        """Return the response to send once the token is stored; raise `InvalidGrant`.

        `done` is called then with None, or with what `issue` would raise. The client was
        authenticated `now`, in this turn of the event loop.
        """
        draft = self._draft(grant, client)
        _, stamp = self._reconciler.admit(grant, now, load=now.load)
        stored, begun = draft.stored.stamped(stamp), partial(self._begun, draft, now.load, done)
        self._store.begin_issue(draft.name, stored, begun, most=draft.most)
        return draft.response

    def _draft(self, grant: Grant, client: Client) -> _Draft:
        validity = client.access_validity
        stored = grant.stored(validity)
        token = self._values.of(stored, client)
        response = TokenResponse(token, validity, " ".join(grant.scopes))
        return _Draft(grant, stored, token_hash(token), client.bounds.tokens, response)

    async def _write(self, draft: _Draft, load: int) -> None:
        write = partial(self._store_under, draft)
        await self._reconciler.issue(draft.grant, write, load=load)

    async def _store_under(self, draft: _Draft, stamp: Stamp) -> bool | None:
        stored = draft.stored.stamped(stamp)
        return await self._store.issue(draft.name, stored, most=draft.most) or None

    def _begun(self, draft: _Draft, load: int, done: Done, result: IssueResult) -> None:
        """Pass a result on, unless the identities have a newer version: then try as `issue`."""
        if isinstance(result, Exception) or result:
            done(result if isinstance(result, Exception) else None)
            return
        task = asyncio.create_task(self._try_again(draft, load, done))
        self._again.add(task)
        task.add_done_callback(self._again.discard)

    async def _try_again(self, draft: _Draft, load: int, done: Done) -> None:
        try:
            await self._write(draft, load)
        except Exception as error:  # noqa: BLE001 - whoever waits learns of it
            done(error)
        else:
            done(None)
