"""A service to test the kit on: a setting, a protected route and a call to another service."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI

import chassis
from chassis import (
    ClientCredentials,
    CurrentAuthentication,
    LiveConfig,
    Section,
    ServiceClient,
    ServiceSettings,
    TokenRelay,
    TokenServices,
    authority,
    current_settings,
    requires,
    scope,
    service_client,
)


class Stock(Section):
    warehouse: str = "north"


class SampleSettings(ServiceSettings):
    stock: Stock = Stock()


Settings = Annotated[SampleSettings, Depends(current_settings)]
AsCaller = Annotated[ServiceClient, Depends(service_client("stock-service", auth=TokenRelay()))]
AsItself = Annotated[
    ServiceClient, Depends(service_client("stock-service", auth=ClientCredentials()))
]

router = APIRouter()


@router.get("/api/me", dependencies=[requires(scope("read"))])
async def me(caller: CurrentAuthentication, settings: Settings) -> dict[str, str]:
    return {"caller": caller.name, "warehouse": settings.stock.warehouse}


@router.get("/api/admin", dependencies=[requires(authority("ROLE_ADMIN"))])
async def admin() -> str:
    return "for administrators"


@router.get("/api/relayed")
async def relayed(stock: AsCaller) -> str:
    return (await stock.get("/api/me")).text


@router.get("/api/own")
async def own(stock: AsItself) -> str:
    return (await stock.get("/api/me")).text


def create_app(
    live: LiveConfig[SampleSettings], *, token_services: TokenServices | None = None
) -> FastAPI:
    return chassis.create_app(
        live, title="sample", version="1", routers=[router], token_services=token_services
    )
