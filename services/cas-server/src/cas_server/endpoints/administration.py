"""/admin/v1: who holds what, and ending it (docs/design/administration.md).

No response has a token: an access token is shown by a handle, a family by its name, and neither
opens anything.
"""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from cas_server.administration.access import AdministrationAccess
from cas_server.administration.holdings import HANDLE_CHARACTERS, Administration
from cas_server.administration.selection import Selection
from cas_server.endpoints import administration_rows as rows
from cas_server.endpoints.administration_parts import (
    DEFAULT_LIMIT,
    By,
    Limit,
    Name,
    OfWhom,
    Whose,
    add,
    each_once,
    selected,
)
from cas_server.endpoints.administration_sessions import SessionAdministration
from cas_server.settings import CasSettings
from cas_server.signing.key_rotation import KeyRotation
from cas_server.signing.signing_keys import SigningKeys
from chassis import LiveConfig, authority, requires, scope
from chassis.errors import NotFound, TemporarilyUnavailable
from chassis.normal_form import nfc

_BASE = "/admin/v1"
Handle = Annotated[str, Path(pattern=f"^[0-9a-f]{{{HANDLE_CHARACTERS}}}$")]
FamilyName = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class AdministrationEndpoints:
    """The routes; the scope and authority that they require are those of the start."""

    def __init__(
        self,
        live: LiveConfig[CasSettings],
        administration: Administration,
        sessions: SessionAdministration,
        keys: SigningKeys,
        rotation: KeyRotation,
    ) -> None:
        self._live, self._administration, self._sessions = live, administration, sessions
        self._keys, self._rotation = keys, rotation

    def router(self) -> APIRouter:
        """Return the routes."""
        settings = self._live.settings.administration
        allowed = requires(scope(settings.scope), authority(settings.authority))
        admitted = Depends(AdministrationAccess(self._live))
        router = APIRouter(prefix=_BASE, dependencies=[admitted, allowed, Depends(each_once)])
        add(router, "GET", "/holders", self.holders, rows.Holders)
        add(router, "GET", "/families", self.families, rows.Families)
        add(router, "DELETE", "/families", self.end_families, rows.Ended)
        add(router, "DELETE", "/families/{family}", self.end_family, rows.Ended)
        add(router, "GET", "/tokens", self.tokens, rows.Tokens)
        add(router, "DELETE", "/tokens", self.end_tokens, rows.Ended)
        add(router, "DELETE", "/tokens/{token}", self.end_token, rows.Ended)
        self._sessions.add_to(router)
        add(router, "GET", "/keys", self.keys, rows.Keys)
        add(router, "POST", "/keys/rotate", self.rotate_keys, rows.Keys)
        return router

    async def holders(self, whose: OfWhom, limit: Limit = DEFAULT_LIMIT) -> rows.Holders:
        """Return who holds how many access tokens and families, and since when."""
        page = await self._administration.holders(self._selected(whose), limit)
        return rows.holders(page)

    async def families(self, whose: OfWhom, limit: Limit = DEFAULT_LIMIT) -> rows.Families:
        """Return the live families of refresh tokens, by client and user, the newest first."""
        selection = self._selected(whose)
        return rows.families(await self._administration.families(selection, limit))

    async def end_families(self, whose: OfWhom, by: By) -> rows.Ended:
        """End families of a client, a user, or both, with their access tokens."""
        selection = self._some(whose)
        ended = await self._administration.end_families(selection)
        return by.ended(ended, "families", whose.client_id, whose.username)

    async def end_family(self, family: FamilyName, by: By) -> rows.Ended:
        """End one family, with its access tokens."""
        found = await self._administration.family(family)
        if found is None:
            raise NotFound("There is no such family; it may have ended")
        ended = await self._administration.end_family(found)
        return by.ended(ended, "families", found.grant.client_id, found.grant.user_name)

    async def tokens(self, whose: OfWhom, limit: Limit = DEFAULT_LIMIT) -> rows.Tokens:
        """Return the live access tokens, by client, the newest first."""
        selection = self._selected(whose)
        return rows.tokens(await self._administration.tokens(selection, limit))

    async def end_tokens(self, whose: OfWhom, by: By) -> rows.Ended:
        """End access tokens of a client, a user, or both; their families go on."""
        selection = self._some(whose)
        ended = await self._administration.end_tokens(selection)
        return by.ended(ended, "access tokens", whose.client_id, whose.username)

    async def end_token(self, token: Handle, client_id: Name, by: By) -> rows.Ended:
        """End one access token of a client."""
        self._selected(Whose(client_id))
        found = await self._administration.token(nfc(client_id), token)
        if found is None:
            raise NotFound("The client has no such access token; it may have ended")
        ended = await self._administration.end_token(found)
        stored = found.stored
        return by.ended(ended, "access tokens", stored.client_id, stored.user_name)

    async def keys(self) -> rows.Keys:
        """Return the published signing keys: which signs, since when, and which will."""
        with suppress(TemporarilyUnavailable):  # without Redis it signs by what it knows
            await self._rotation.follow()
        return rows.keys(self._keys)

    async def rotate_keys(self, by: By) -> rows.Keys:
        """Have the next signing key of each algorithm sign now, before its time."""
        await self._rotation.rotate(by.rotated)
        return rows.keys(self._keys)

    def _some(self, whose: Whose) -> Selection:
        return selected(self._administration.identities, whose, somebody=True)

    def _selected(self, whose: Whose) -> Selection:
        return selected(self._administration.identities, whose)
