"""`suitectl token`: print an access token of a user, or of a client itself."""

import argparse
import sys

from suitectl.arguments import add_platform, platform_of
from suitectl.errors import CommandFailedError
from suitectl.identities import DEFAULT_USER
from suitectl.platform.http import open_sender
from suitectl.tokens import CasServer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    add_identity(parser)


def add_identity(parser: argparse.ArgumentParser) -> None:
    """Add `--user` and `--client`: whose token."""
    parser.add_argument("--user", help=f"by default {DEFAULT_USER}")
    parser.add_argument("--client", help="instead of a user")


async def run(options: argparse.Namespace) -> int:
    """Print the token."""
    platform = platform_of(options)
    async with open_sender(platform) as http:
        sys.stdout.write(f"{await access_token(CasServer(platform, http), options)}\n")
    return 0


async def access_token(cas: CasServer, options: argparse.Namespace) -> str:
    """Return the access token that the options ask for; raise `CommandFailedError`."""
    if options.user and options.client:
        both = f"USER={options.user} CLIENT={options.client}"
        raise CommandFailedError(f"{both}: a token is a user's or a client's; give one of them")
    if options.client:
        return str((await cas.client_token(options.client))["access_token"])
    return str((await cas.user_token(options.user or DEFAULT_USER))["access_token"])
