"""Dependencies that every service uses."""

from typing import Any

from fastapi import Request


def current_settings(request: Request) -> Any:
    """Return the settings as they were when this request first asked: one request, one snapshot.

    A service gives it its type: `Settings = Annotated[MySettings, Depends(current_settings)]`.
    """
    if not hasattr(request.state, "settings"):
        request.state.settings = request.app.state.chassis.live.settings
    return request.state.settings
