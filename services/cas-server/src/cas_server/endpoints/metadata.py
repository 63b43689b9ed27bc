"""GET /.well-known/oauth-authorization-server (RFC 8414), with the issuer's path behind it."""

from typing import Annotated
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Depends, Request, Response

from cas_server.endpoints.responses import json_response
from cas_server.grant_names import GRANT_NAMES
from cas_server.settings import CasSettings
from chassis import current_settings
from chassis.errors import NotFound

WELL_KNOWN = "/.well-known/oauth-authorization-server"
OPEN_PATHS = (WELL_KNOWN, f"{WELL_KNOWN}/")
_METHODS = ["client_secret_basic", "client_secret_post"]

router = APIRouter()


@router.get(WELL_KNOWN)
@router.get(WELL_KNOWN + "/{issuer_path:path}", include_in_schema=False)
async def metadata(
    request: Request, settings: Annotated[CasSettings, Depends(current_settings)]
) -> Response:
    """Return the server's metadata; also at the longer path, where the issuer has a path."""
    issuer = settings.issuer
    if request.scope["path"] not in _places(issuer):
        raise NotFound
    base = issuer.rstrip("/")
    fields = {
        "issuer": issuer,
        "token_endpoint": f"{base}/oauth/token",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "userinfo_endpoint": f"{base}/api/v1/user",
        "grant_types_supported": sorted(GRANT_NAMES),
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": _METHODS,
        "introspection_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_methods_supported": _METHODS,
    }
    if settings.signing_keys:
        fields["jwks_uri"] = f"{base}/oauth/jwks"
    return json_response(fields)


def _places(issuer: str) -> tuple[str, ...]:
    """Return the paths of the metadata, decoded as in a request (RFC 8414, 3.1).

    A trailing slash is removed first; Spring leaves it.
    """
    path = unquote(urlsplit(issuer).path)
    return WELL_KNOWN, WELL_KNOWN + path.rstrip("/"), WELL_KNOWN + path
