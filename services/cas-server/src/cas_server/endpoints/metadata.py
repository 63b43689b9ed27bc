"""The metadata of the server, for OAuth (RFC 8414) and for OpenID Connect Discovery 1.0.

Both documents have the same fields; those of OpenID Connect where the server has a key for it.
"""

from typing import Annotated
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Depends, Request, Response

from cas_server.endpoints.metadata_fields import has_openid, metadata_fields
from cas_server.endpoints.responses import json_response
from cas_server.settings import CasSettings
from chassis import current_settings, error_responses
from chassis.errors import NotFound

WELL_KNOWN = "/.well-known/oauth-authorization-server"
OPENID_CONFIGURATION = "/.well-known/openid-configuration"
OPEN_PATHS = (WELL_KNOWN, f"{WELL_KNOWN}/", OPENID_CONFIGURATION, f"{OPENID_CONFIGURATION}/")
_BELOW = "/{issuer_path:path}"
_NO_OPENID = "OpenID Connect needs an RS256 key among signing-keys, and there is none"

Settings = Annotated[CasSettings, Depends(current_settings)]
router = APIRouter()


@router.get(WELL_KNOWN)
@router.get(WELL_KNOWN + _BELOW, include_in_schema=False)
async def metadata(request: Request, settings: Settings) -> Response:
    """Return the server's metadata; also at the longer path, where the issuer has a path."""
    return _served(request, settings, WELL_KNOWN)


@router.get(OPENID_CONFIGURATION, responses=error_responses(NotFound()))
@router.get(OPENID_CONFIGURATION + _BELOW, include_in_schema=False)
async def openid_configuration(request: Request, settings: Settings) -> Response:
    """Return the same for OpenID Connect; 404 without a key that it requires.

    Discovery, 4.1 has this path behind that of the issuer, where `server.servlet.context-path` is
    the issuer's path; the form of RFC 8414, 5 has it before.
    """
    if not has_openid(settings):
        raise NotFound(_NO_OPENID)
    return _served(request, settings, OPENID_CONFIGURATION)


def _served(request: Request, settings: CasSettings, well_known: str) -> Response:
    if request.scope["path"] not in _places(well_known, settings.issuer):
        raise NotFound
    return json_response(metadata_fields(settings))


def _places(well_known: str, issuer: str) -> tuple[str, ...]:
    """Return the paths of the metadata, decoded as in a request (RFC 8414, 3.1).

    A trailing slash is removed first; Spring leaves it.
    """
    path = unquote(urlsplit(issuer).path)
    return well_known, well_known + path.rstrip("/"), well_known + path
