"""What the routes of /admin/v1 share: their parameters, and the audit of what they end."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from cas_server.administration.access import address_of
from cas_server.administration.ended import Ended
from cas_server.administration.selection import CURSOR, MAX_CURSOR, Selection
from cas_server.endpoints import administration_rows as rows
from cas_server.identities.identities import Identities
from cas_server.signing.key_files import MountedKey
from chassis import CurrentAuthentication, error_responses
from chassis.errors import InvalidRequest, NotFound
from chassis.normal_form import nfc
from chassis.telemetry.audit import AuditEvent, audit

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100
_MAX_NAME = 256
_ERRORS = (InvalidRequest(), NotFound())

Name = Annotated[str, Query(min_length=1, max_length=_MAX_NAME)]
CursorText = Annotated[str, Query(pattern=CURSOR, max_length=MAX_CURSOR)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


async def _whose(client_id: Name = "", username: Name = "", cursor: CursorText = "") -> "Whose":
    return Whose(client_id, username, cursor)


class Whose(NamedTuple):
    """The names in a request, and where its listing goes on."""

    client_id: str = ""
    username: str = ""
    cursor: str = ""


OfWhom = Annotated[Whose, Depends(_whose)]


def selected(identities: Identities, whose: Whose, *, somebody: bool = False) -> Selection:
    """Return whose things are meant; with `somebody` raise `InvalidRequest` for everybody's."""
    client_id, username, cursor = whose
    if somebody and not client_id and not username:
        raise InvalidRequest("Send client_id, username, or both; nothing ends for everybody")
    return Selection.of(
        identities, client_id=nfc(client_id), user_name=nfc(username), cursor=cursor
    )


class Administrator(NamedTuple):
    """Who changes something, and from where."""

    name: str
    address: str

    def ended(self, ended: Ended, what: str, client_id: str = "", username: str = "") -> rows.Ended:
        """Audit what ended, also where not all did; then raise why the others did not."""
        if ended.number or ended.codes:
            codes = {"codes": ended.codes} if ended.codes else {}
            audit(
                AuditEvent.ENDED,
                user=username,
                client=client_id,
                address=self.address,
                by=self.name,
                what=what,
                number=ended.number,
                **codes,
            )
        if ended.failure is not None:
            raise ended.failure
        return rows.Ended(ended=ended.number, next=ended.next.encode() if ended.next else None)

    def rotated(self, keys: Sequence[MountedKey]) -> None:
        """Audit which keys sign from now on."""
        for one in keys:
            audit(AuditEvent.KEY_ROTATED, address=self.address, by=self.name, key=one.name)


async def _administrator(request: Request, who: CurrentAuthentication) -> Administrator:
    return Administrator(who.name, address_of(request))


By = Annotated[Administrator, Depends(_administrator)]


async def each_once(request: Request) -> None:
    """Raise `InvalidRequest` for a parameter that is unknown or repeated: fewer would be meant."""
    names = [name for name, _ in request.query_params.multi_items()]
    if len(set(names)) < len(names):
        raise InvalidRequest("A parameter is repeated")
    known = set(_parameters(request.scope["route"].dependant))
    if not known.issuperset(names):
        listed = ", ".join(sorted(known)) or "none"
        raise InvalidRequest(f"A parameter is unknown here; there are {listed}")


def _parameters(dependant: Dependant) -> Iterator[str]:
    """Yield the query parameters of a route and of all that it depends on."""
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def add(
    router: APIRouter,
    method: str,
    path: str,
    handler: Callable[..., Awaitable[BaseModel]],
    model: type[BaseModel],
) -> None:
    """Add a route; its handler's name is its operation id."""
    router.add_api_route(
        path,
        handler,
        methods=[method],
        response_model=model,
        response_model_exclude_none=True,
        responses=error_responses(*_ERRORS),
    )
