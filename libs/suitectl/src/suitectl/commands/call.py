"""`suitectl call`: call a service with a token."""

import argparse
import json
import re
import sys
from typing import Any

from suitectl.arguments import add_platform, platform_of
from suitectl.catalogue import Service, called_service, registrations
from suitectl.commands.token import access_token, add_identity
from suitectl.errors import CommandFailedError
from suitectl.identities import login_client
from suitectl.platform.http import NO_RESPONSE, Request, open_sender
from suitectl.tokens import CasServer

_UNAUTHORIZED = 401


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    add_identity(parser)
    parser.add_argument("--service", help="by default the one that is reached from outside")
    parser.add_argument("--path", help="by default /api/me")
    parser.add_argument("--method", help="by default GET, with data POST")
    parser.add_argument("--data", help="a JSON document to send")


async def run(options: argparse.Namespace) -> int:
    """Print the response; return 1 where its status is not 2xx."""
    service, path = called_service(options.service), _path(options.path or "/api/me")
    data = _data(options.data)
    method = _method(options.method or ("GET" if data is None else "POST"))
    platform = platform_of(options)
    async with open_sender(platform) as http:
        token = await access_token(CasServer(platform, http), options)
        url = await platform.url(*service.address) + path
        reply = await http.send(Request(method, url, bearer=token, json=data))
    if reply.status == NO_RESPONSE:
        raise CommandFailedError(f"{service.name} did not respond: {reply.body}")
    sys.stdout.write(f"{reply.status} {reply.body}\n")
    if reply.status == _UNAUTHORIZED:
        _explain(service, options.client or login_client())
    return 0 if reply.ok else 1


def _path(text: str) -> str:
    """Return a path that stays at its host: `@elsewhere` behind an address would not."""
    if not re.fullmatch(r"/[!-~]*", text):
        raise CommandFailedError(f"PATH={text}: take a path from its / on, such as /api/me")
    return text


def _method(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]+", text):
        raise CommandFailedError(f"METHOD={text}: take a method such as POST")
    return text.upper()


def _data(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        raise CommandFailedError(f"DATA={text}: is no JSON, {error}") from None


def _explain(service: Service, client: str) -> None:
    """Say what a 401 of RFC 6750 does not: the token may be good, and for others."""
    audience = registrations()["clients"].get(client, {}).get("resource-ids", ())
    if service.resource_id and service.resource_id not in audience:
        meant = ", ".join(audience) or "nobody"
        sys.stderr.write(
            f"call: the token of {client} is for {meant}; {service.name} takes those with"
            f" {service.resource_id} in resource-ids\n"
        )
