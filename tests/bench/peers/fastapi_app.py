"""A bare FastAPI application with the endpoint that the chassis is measured by.

The same path operation, settings and response model; none of the chassis.
"""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from pydantic_settings import BaseSettings


class Greeting(BaseModel):
    """What everybody is told."""

    message: str = "Hello from dev"


class Settings(BaseSettings):
    """The settings, read once."""

    greeting: Greeting = Greeting()
    pod: str = "unknown"


class GreetingResponse(BaseModel):
    """A greeting, and the replica that sent it."""

    greeting: str
    pod: str


_SETTINGS = Settings()


async def current_settings() -> Settings:
    """Return the settings."""
    return _SETTINGS


@asynccontextmanager
async def _started(_: FastAPI) -> AsyncIterator[None]:
    # As the chassis does: garbage collection leaves alone what the start made.
    gc.collect()
    gc.freeze()
    yield


app = FastAPI(lifespan=_started)


@app.get("/greeting")
async def greeting(settings: Annotated[Settings, Depends(current_settings)]) -> GreetingResponse:
    """Greet by the settings."""
    return GreetingResponse(greeting=settings.greeting.message, pod=settings.pod)
