"""GET /api/v1/user: who the bearer is, as the seed stack and OpenID Connect name it."""

from typing import Any

from fastapi import APIRouter

from chassis import CurrentAuthentication, error_responses
from chassis.errors import AccessDenied

router = APIRouter()


@router.get("/api/v1/user", responses=error_responses(AccessDenied()))
async def user(authentication: CurrentAuthentication) -> dict[str, Any]:
    """Return the name in every spelling that resource servers look for.

    A client's own token is refused: its client id would be taken for a user's name.
    """
    name = authentication.user_name
    if name is None:
        raise AccessDenied("The token stands for a client, not for a user")
    return {
        **dict.fromkeys(("sub", "user", "username", "name"), name),
        "client_id": authentication.client_id,
        "scope": sorted(authentication.scopes),
        "authorities": sorted(authentication.authorities),
        "aud": sorted(authentication.audience),
        "exp": authentication.expires_at,
    }
