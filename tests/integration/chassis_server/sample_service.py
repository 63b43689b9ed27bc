"""A small service on the chassis, slow on demand. The tests beside it run it as a process."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import structlog
from fastapi import APIRouter, Body, Depends, FastAPI, Request, Response

import chassis
from chassis import LiveConfig, ServiceSettings, current_settings, run_service


class SampleSettings(ServiceSettings):
    message: str = "hello"


LARGE = 30_000_000
router = APIRouter()


@router.get("/message")
async def message(settings: Annotated[SampleSettings, Depends(current_settings)]) -> str:
    return settings.message


@router.get("/address")
async def address(request: Request) -> str:
    return request.client.host if request.client else ""


@router.get("/slow/{seconds}")
async def slow(seconds: float) -> str:
    structlog.get_logger("sample").info("slow began")
    # clock: as slow as a test requests
    await asyncio.sleep(seconds)
    return "done"


@router.post("/size")
async def size(body: Annotated[bytes, Body()]) -> int:
    return len(body)


@router.post("/headers")
async def headers(request: Request) -> list[str]:
    await request.body()
    return sorted(request.headers)


@router.post("/echo/{number}")
async def echo(number: int, request: Request) -> Response:
    return Response(b"%d:" % number + await request.body())


@router.get("/large")
async def large() -> Response:
    return Response(b"x" * LARGE)


@asynccontextmanager
async def resources(_: FastAPI) -> AsyncIterator[None]:
    yield
    structlog.get_logger("sample").info("resources closed")


def create_app(live: LiveConfig[SampleSettings]) -> FastAPI:
    return chassis.create_app(
        live, title="sample", version="1.2.3", routers=[router], lifespan=resources
    )


if __name__ == "__main__":
    sys.exit(run_service("sample", SampleSettings, create_app))
