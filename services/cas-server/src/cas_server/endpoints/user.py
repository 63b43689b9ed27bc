"""GET /api/v1/user: who the bearer is, as the seed stack and OpenID Connect name it."""

from typing import Any

from fastapi import APIRouter

from chassis import CurrentAuthentication

router = APIRouter()


@router.get("/api/v1/user")
async def user(authentication: CurrentAuthentication) -> dict[str, Any]:
    """Return the name in every spelling that resource servers look for."""
    name = authentication.name
    return {
        "sub": name,
        "user": name,
        "username": name,
        "name": name,
        "client_id": authentication.client_id,
        "scope": sorted(authentication.scopes),
        "authorities": sorted(authentication.authorities),
    }
