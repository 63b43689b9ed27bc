"""`suitectl login`: the authorization code flow with PKCE, as a public client goes through it."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from typing import Any

from suitectl.arguments import add_platform, flag, platform_of
from suitectl.catalogue import token_service
from suitectl.errors import CommandFailedError, TokenRefusedError
from suitectl.identities import DEFAULT_USER, public_client
from suitectl.login.authorization import Authorization
from suitectl.login.listener import listening
from suitectl.login.visitor import Visitor
from suitectl.platform.http import Request, Sender, open_sender
from suitectl.platform.localkube import Localkube
from suitectl.tokens import CasServer

_REDIRECT_URI = "http://127.0.0.1/callback"
_BROWSER_S = 300.0
_MINUTE, _HOUR = 60, 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--user", help=f"by default {DEFAULT_USER}")
    parser.add_argument("--browser", help="print the address for a browser, and wait for it")
    parser.add_argument("--token", help="print the access token as well")


async def run(options: argparse.Namespace) -> int:
    """Log in, and print who may do what for how long."""
    user_name = options.user or DEFAULT_USER
    by_browser, token = flag("BROWSER", options.browser), flag("TOKEN", options.token)
    platform = platform_of(options)
    if by_browser and platform.name != Localkube.name:
        raise CommandFailedError("BROWSER=1: a browser of this machine reaches no Service there")
    async with open_sender(platform) as http:
        base = await platform.url(*token_service().address)
        metadata = await _json(
            http, Request("GET", f"{base}/.well-known/oauth-authorization-server")
        )
        if by_browser:
            request, location = await _by_browser(base, user_name)
        else:
            password = await CasServer(platform, http).password(user_name)
            request = Authorization(public_client(), _REDIRECT_URI)
            visitor = Visitor(http, base, _told)
            location = await visitor.authorize(request, user_name, password)
        form = request.exchange(request.code_of(location, str(metadata["issuer"])))
        tokens = await _json(http, Request("POST", f"{base}/oauth/token", form=form))
        _told("POST", "/oauth/token", 200, "tokens for the code")
        bearer = str(tokens["access_token"])
        user = await _json(http, Request("GET", f"{base}/api/v1/user", bearer=bearer))
    _report(request.client, user, tokens, token=token)
    return 0


async def _by_browser(base: str, user: str) -> tuple[Authorization, str]:
    """Have a person log in in a browser; return what was asked for, and the response."""
    async with listening() as listener:
        request = Authorization(public_client(), listener.redirect_uri)
        sys.stdout.write(f"Open this in your browser:\n\n{base}{request.path(user)}\n\n")
        sys.stdout.flush()
        try:
            async with asyncio.timeout(_BROWSER_S):
                return request, await listener.arrived
        except TimeoutError:
            raise CommandFailedError("nobody came back from the browser in 5 minutes") from None


async def _json(http: Sender, request: Request) -> Mapping[str, Any]:
    reply = await http.send(request)
    if not reply.ok:
        raise TokenRefusedError(f"{request.method} {request.url}: {reply.status} {reply.body}")
    found: dict[str, Any] = reply.json()
    return found


def _told(method: str, path: str, status: int, what: str) -> None:
    sys.stdout.write(f"{method:4} {path:25} {status}  {what}\n")


def _report(
    client: str, user: Mapping[str, Any], tokens: Mapping[str, Any], *, token: bool
) -> None:
    lines = {
        "who": user["sub"],
        "through": client,
        "may": tokens["scope"].replace(" ", ", "),
        "at": ", ".join(user["aud"]),
        "for": _time(int(tokens["expires_in"])),
    }
    if "refresh_token" in tokens:
        lines["for"] += ", and longer with its refresh token"
    sys.stdout.write("\n" + "".join(f"{name:8} {value}\n" for name, value in lines.items()))
    if token:
        sys.stdout.write(f"\n{tokens['access_token']}\n")


def _time(seconds: int) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds} seconds"
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE} minutes"
    return f"{seconds // _HOUR} hours"
