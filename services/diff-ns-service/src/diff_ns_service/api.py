"""The routes of diff-ns-service; each decorator says who may call."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from chassis import CurrentAuthentication, current_settings, requires, scope
from diff_ns_service.settings import DiffNsSettings

Settings = Annotated[DiffNsSettings, Depends(current_settings)]

router = APIRouter()


class Detail(BaseModel):
    """Which replica of which version served whom."""

    service: str
    version: str
    pod: str
    caller: str


class GreetingResponse(BaseModel):
    """What people see of a version."""

    greeting: str
    colour: str
    version: str
    pod: str


@router.get("/greeting")
async def greeting(settings: Settings) -> GreetingResponse:
    """Greet as this version does; open by `security.path.ignores`."""
    look = settings.look
    return GreetingResponse(
        greeting=look.greeting, colour=look.colour, version=settings.release, pod=settings.pod
    )


@router.get("/getservicedetail", response_class=PlainTextResponse)
async def service_detail(settings: Settings, response: Response) -> str:
    """Return the version line, whatever `servicename` is; open by `security.path.ignores`."""
    response.headers["X-Pod-Name"] = settings.pod
    return f"diff-ns-service-{settings.release}"


@router.get("/api/detail", dependencies=[requires(scope("read"))])
async def detail(settings: Settings, caller: CurrentAuthentication) -> Detail:
    """Return what served the request, and who called."""
    return Detail(
        service="diff-ns-service",
        version=settings.release,
        pod=settings.pod,
        caller=caller.name,
    )
