"""A service that uses only the chassis."""

import sys

from fastapi import APIRouter, FastAPI

import chassis
from chassis import LiveConfig, ServiceSettings

router = APIRouter()


@router.get("/where")
async def where() -> str:
    return chassis.__file__


def create_app(live: LiveConfig[ServiceSettings]) -> FastAPI:
    return chassis.create_app(live, title="standalone", version="1.0", routers=[router])


if __name__ == "__main__":
    sys.exit(chassis.run_service("standalone", ServiceSettings, create_app))
