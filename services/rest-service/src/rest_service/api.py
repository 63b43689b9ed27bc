"""The routes of rest-service; each decorator says who may call."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, JsonValue, ValidationError

from chassis import (
    ClientCredentials,
    CurrentAuthentication,
    ServiceClient,
    TokenRelay,
    authority,
    current_settings,
    error_responses,
    requires,
    scope,
    service_client,
)
from chassis.client import ServiceTimeout, UnusableResponse
from chassis.errors import AccessDenied, InvalidToken, TemporarilyUnavailable
from rest_service.settings import RestSettings

DETAIL_SERVICE = "diff-ns-service-service"
GO_SERVICE = "go-service-service"
REFUSALS = {401: InvalidToken, 403: AccessDenied}
"""What a refusal by the other service means to our caller; any other failure is an outage."""
DETAIL_ERRORS = error_responses(
    AccessDenied(), ServiceTimeout(DETAIL_SERVICE), UnusableResponse(DETAIL_SERVICE, "not a detail")
)
GO_ERRORS = error_responses(
    AccessDenied(), ServiceTimeout(GO_SERVICE), UnusableResponse(GO_SERVICE, "not a detail")
)

Settings = Annotated[RestSettings, Depends(current_settings)]
AsCaller = Annotated[ServiceClient, Depends(service_client(DETAIL_SERVICE, auth=TokenRelay()))]
AsOneself = Annotated[
    ServiceClient, Depends(service_client(DETAIL_SERVICE, auth=ClientCredentials()))
]
GoAsCaller = Annotated[ServiceClient, Depends(service_client(GO_SERVICE, auth=TokenRelay()))]

router = APIRouter()


class GreetingResponse(BaseModel):
    """A greeting, and the replica that sent it."""

    greeting: str
    pod: str


class Me(BaseModel):
    """The caller as the authorization server sees it."""

    name: str
    user_name: str | None
    client_id: str
    scopes: list[str]
    authorities: list[str]


class Item(BaseModel):
    """Something worth protecting."""

    id: int
    name: str


class Notice(BaseModel):
    """What only administrators may read."""

    message: str


class Detail(BaseModel):
    """The response of diff-ns-service."""

    service: str
    version: str
    pod: str
    caller: str


class GoDetail(Detail):
    """The response of go-service, which calls this service back in its own name."""

    called_back_as: str


D = TypeVar("D", bound=Detail)


@router.get("/greeting")
async def greeting(settings: Settings) -> GreetingResponse:
    """Greet by the message of the active profile; open by `security.path.ignores`."""
    return GreetingResponse(greeting=settings.greeting.message, pod=settings.pod)


@router.get("/api/me")
async def me(caller: CurrentAuthentication) -> Me:
    """Return the caller; any valid token will do."""
    return Me(
        name=caller.name,
        user_name=caller.user_name,
        client_id=caller.client_id,
        scopes=sorted(caller.scopes),
        authorities=sorted(caller.authorities),
    )


@router.get("/api/items", dependencies=[requires(scope("read"))])
async def items() -> list[Item]:
    """List the items."""
    return [Item(id=1, name="lamp"), Item(id=2, name="chair")]


@router.get("/api/admin", dependencies=[requires(authority("ROLE_ADMIN"))])
async def admin() -> Notice:
    """Return a notice to administrators only."""
    return Notice(message="for administrators")


@router.post("/api/echo", dependencies=[requires(scope("write"))])
async def echo(message: Annotated[JsonValue, Body()]) -> JsonValue:
    """Return any JSON unchanged."""
    return message


@router.get("/api/detail/relayed", responses=DETAIL_ERRORS)
async def detail_relayed(diff_ns_service: AsCaller) -> Detail:
    """Call diff-ns-service in the caller's name, with the caller's token."""
    return await _detail(diff_ns_service)


@router.get("/api/detail/own", responses=DETAIL_ERRORS)
async def detail_own(diff_ns_service: AsOneself) -> Detail:
    """Call diff-ns-service in this service's own name, by client credentials."""
    return await _detail(diff_ns_service)


@router.get("/api/detail/go", responses=GO_ERRORS)
async def detail_go(go_service: GoAsCaller) -> GoDetail:
    """Call go-service in the caller's name; it calls `/api/me` here in its own."""
    return _read(GoDetail, GO_SERVICE, await _fetched("go-service", go_service))


async def _detail(diff_ns_service: ServiceClient) -> Detail:
    return _read(Detail, DETAIL_SERVICE, await _fetched("diff-ns-service", diff_ns_service))


async def _fetched(name: str, service: ServiceClient) -> bytes:
    response = await service.get("/api/detail")
    if response.is_success:
        return response.content
    refusal = REFUSALS.get(response.status_code, TemporarilyUnavailable)
    raise refusal(f"{name} responded {response.status_code}")


def _read(form: type[D], service: str, body: bytes) -> D:
    try:
        return form.model_validate_json(body)
    except ValidationError:
        raise UnusableResponse(service, "its body is not a detail") from None
