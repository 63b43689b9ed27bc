"""GET /api/v1/user: the bearer's user, by the names of the seed stack and OpenID Connect."""

from typing import Any

from fastapi import APIRouter

from chassis import CurrentAuthentication, error_responses
from chassis.errors import AccessDenied

router = APIRouter()


@router.get("/api/v1/user", responses=error_responses(AccessDenied()))
async def user(authentication: CurrentAuthentication) -> dict[str, Any]:
    """Return the name under each key that resource servers look for.

    A client's own token is refused: its client id could be taken for a user's name.
    """
    name = authentication.user_name
    if name is None:
        raise AccessDenied("The token belongs to a client, not to a user")
    return {
        **dict.fromkeys(("sub", "user", "username", "name"), name),
        "client_id": authentication.client_id,
        "scope": sorted(authentication.scopes),
        "authorities": sorted(authentication.authorities),
        "aud": sorted(authentication.audience),
        "exp": authentication.expires_at,
    }
