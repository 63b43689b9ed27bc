"""/admin/v1: who holds what, and ending it (docs/design/administration.md).

No response has a token: an access token is shown by a handle, a family by its name, and neither
opens anything.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel

from cas_server.administration.access import AdministrationAccess, address_of
from cas_server.administration.holdings import HANDLE_CHARACTERS, Administration, Ended
from cas_server.administration.selection import MAX_CURSOR, Selection
from cas_server.endpoints import administration_rows as rows
from cas_server.settings import CasSettings
from cas_server.signing.signing_keys import SigningKeys
from chassis import CurrentAuthentication, LiveConfig, authority, error_responses, requires, scope
from chassis.errors import InvalidRequest, NotFound
from chassis.normal_form import nfc
from chassis.security import Authentication
from chassis.telemetry.audit import AuditEvent, audit

MAX_LIMIT = 1000
_DEFAULT_LIMIT = 100
_MAX_NAME = 256
_BASE = "/admin/v1"
_PARAMETERS = frozenset(("client_id", "username", "cursor", "limit"))
_ERRORS = (InvalidRequest(), NotFound())

Name = Annotated[str, Query(min_length=1, max_length=_MAX_NAME)]
CursorText = Annotated[str, Query(min_length=1, max_length=MAX_CURSOR)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Handle = Annotated[str, Path(pattern=f"^[0-9a-f]{{{HANDLE_CHARACTERS}}}$")]
FamilyName = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class AdministrationEndpoints:
    """The routes; the scope and authority that they require are those of the start."""

    def __init__(
        self, live: LiveConfig[CasSettings], administration: Administration, keys: SigningKeys
    ) -> None:
        self._live, self._administration, self._keys = live, administration, keys

    def router(self) -> APIRouter:
        """Return the routes."""
        settings = self._live.settings.administration
        allowed = requires(scope(settings.scope), authority(settings.authority))
        admitted = Depends(AdministrationAccess(self._live))
        router = APIRouter(prefix=_BASE, dependencies=[admitted, allowed, Depends(_each_once)])
        _add(router, "GET", "/holders", self.holders, rows.Holders)
        _add(router, "GET", "/families", self.families, rows.Families)
        _add(router, "DELETE", "/families", self.end_families, rows.Ended)
        _add(router, "DELETE", "/families/{family}", self.end_family, rows.Ended)
        _add(router, "GET", "/tokens", self.tokens, rows.Tokens)
        _add(router, "DELETE", "/tokens", self.end_tokens, rows.Ended)
        _add(router, "DELETE", "/tokens/{token}", self.end_token, rows.Ended)
        _add(router, "GET", "/keys", self.keys, rows.Keys)
        return router

    async def holders(
        self,
        client_id: Name = "",
        username: Name = "",
        cursor: CursorText = "",
        limit: Limit = _DEFAULT_LIMIT,
    ) -> rows.Holders:
        """Return who holds how many access tokens and families, and since when."""
        page = await self._administration.holders(
            self._selected(client_id, username, cursor), limit
        )
        return rows.holders(page)

    async def families(
        self,
        client_id: Name = "",
        username: Name = "",
        cursor: CursorText = "",
        limit: Limit = _DEFAULT_LIMIT,
    ) -> rows.Families:
        """Return the live families of refresh tokens, by client and user, the newest first."""
        selection = self._selected(client_id, username, cursor)
        return rows.families(await self._administration.families(selection, limit))

    async def end_families(
        self,
        request: Request,
        who: CurrentAuthentication,
        client_id: Name = "",
        username: Name = "",
        cursor: CursorText = "",
    ) -> rows.Ended:
        """End families of a client, a user, or both, with their access tokens."""
        selection = self._some(client_id, username, cursor)
        ended = await self._administration.end_families(selection)
        return _reported(ended, _Change("families", client_id, username, who, request))

    async def end_family(
        self, family: FamilyName, request: Request, who: CurrentAuthentication
    ) -> rows.Ended:
        """End one family, with its access tokens."""
        found = await self._administration.family(family)
        if found is None:
            raise NotFound("There is no such family; it may have ended")
        ended = await self._administration.end_family(found)
        names = found.grant.client_id, found.grant.user_name
        return _reported(ended, _Change("families", *names, who, request))

    async def tokens(
        self,
        client_id: Name = "",
        username: Name = "",
        cursor: CursorText = "",
        limit: Limit = _DEFAULT_LIMIT,
    ) -> rows.Tokens:
        """Return the live access tokens, by client, the newest first."""
        selection = self._selected(client_id, username, cursor)
        return rows.tokens(await self._administration.tokens(selection, limit))

    async def end_tokens(
        self,
        request: Request,
        who: CurrentAuthentication,
        client_id: Name = "",
        username: Name = "",
        cursor: CursorText = "",
    ) -> rows.Ended:
        """End access tokens of a client, a user, or both; their families go on."""
        selection = self._some(client_id, username, cursor)
        ended = await self._administration.end_tokens(selection)
        return _reported(ended, _Change("access tokens", client_id, username, who, request))

    async def end_token(
        self, token: Handle, client_id: Name, request: Request, who: CurrentAuthentication
    ) -> rows.Ended:
        """End one access token of a client."""
        self._selected(client_id, "", "")
        found = await self._administration.token(nfc(client_id), token)
        if found is None:
            raise NotFound("The client has no such access token; it may have ended")
        ended = await self._administration.end_token(found)
        names = found.stored.client_id, found.stored.user_name
        return _reported(ended, _Change("access tokens", *names, who, request))

    async def keys(self) -> rows.Keys:
        """Return the published signing keys: which signs, since when, and which will."""
        return rows.keys(self._keys)

    def _some(self, client_id: str, username: str, cursor: str) -> Selection:
        """Return a selection; raise `InvalidRequest` for one of everybody."""
        if not client_id and not username:
            raise InvalidRequest("Send client_id, username, or both; nothing ends for everybody")
        return self._selected(client_id, username, cursor)

    def _selected(self, client_id: str, username: str, cursor: str) -> Selection:
        identities = self._administration.identities
        names = {"client_id": nfc(client_id), "user_name": nfc(username)}
        return Selection.of(identities, **names, cursor=cursor)


class _Change(NamedTuple):
    """What an administrator ends, of whom."""

    what: str
    client_id: str
    username: str
    who: Authentication
    request: Request


def _reported(ended: Ended, change: _Change) -> rows.Ended:
    """Audit what ended, also where not all did; then raise why the others did not."""
    if ended.number:
        audit(
            AuditEvent.ENDED,
            user=change.username,
            client=change.client_id,
            address=address_of(change.request),
            by=change.who.name,
            what=change.what,
            number=ended.number,
        )
    if ended.failure is not None:
        raise ended.failure
    return rows.Ended(ended=ended.number, next=ended.next.encode() if ended.next else None)


def _each_once(request: Request) -> None:
    """Raise `InvalidRequest` for a parameter that is unknown or repeated: fewer would be meant."""
    names = [name for name, _ in request.query_params.multi_items()]
    if len(set(names)) < len(names):
        raise InvalidRequest("A parameter is repeated")
    if not _PARAMETERS.issuperset(names):
        known = ", ".join(sorted(_PARAMETERS))
        raise InvalidRequest(f"A parameter is unknown; there are {known}")


def _add(
    router: APIRouter,
    method: str,
    path: str,
    handler: Callable[..., Awaitable[BaseModel]],
    model: type[BaseModel],
) -> None:
    router.add_api_route(
        path,
        handler,
        methods=[method],
        response_model=model,
        response_model_exclude_none=True,
        responses=error_responses(*_ERRORS),
    )
