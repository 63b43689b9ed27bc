"""Dependencies that every service uses."""

from typing import Any

from fastapi import Request


async def current_settings(request: Request) -> Any:
    """Return the settings of this request: one snapshot, from its start to its end.

    Async, although it awaits nothing: FastAPI runs a plain function in a thread.

    A service gives it its type: `Settings = Annotated[MySettings, Depends(current_settings)]`.
    """
    return request.state.settings
