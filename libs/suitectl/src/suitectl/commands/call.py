"""`suitectl call`: call rest-service with a token."""

import argparse
import sys

from suitectl.arguments import add_platform, platform_of
from suitectl.commands.token import access_token, add_identity
from suitectl.identities import REST
from suitectl.platform.http import Request, open_sender
from suitectl.tokens import CasServer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    add_identity(parser)
    parser.add_argument("--path", default="/api/me")


async def run(options: argparse.Namespace) -> int:
    """Print the response; return 1 where its status is not 2xx."""
    platform = platform_of(options)
    async with open_sender(platform) as http:
        token = await access_token(CasServer(platform, http), options)
        url = await platform.url(*REST) + options.path
        reply = await http.send(Request("GET", url, bearer=token))
    sys.stdout.write(f"{reply.status} {reply.body}\n")
    return 0 if reply.ok else 1
