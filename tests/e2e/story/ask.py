"""`make token` and `make call`: a token printed or used, against the suite that `make up` left."""

import argparse

from story.http import Http
from story.identities import REST
from story.localkube import Localkube
from story.narrator import Narrator, console
from story.suite import Suite

UNAUTHORISED_EXIT = 1


async def token(options: argparse.Namespace) -> int:
    """Print an access token of a user, or of a client itself."""
    async with Http() as http:
        print(await _token(_suite(http), options))  # noqa: T201 - the token is what was asked for
    return 0


async def call(options: argparse.Namespace) -> int:
    """Call rest-service with a token and print the answer; 1 where it is no 2xx."""
    async with Http() as http:
        suite = _suite(http)
        reply = await suite.call(REST, options.path, bearer=await _token(suite, options))
    print(reply.status, reply.body)  # noqa: T201 - the answer is what was asked for
    return 0 if reply.ok else UNAUTHORISED_EXIT


def _suite(http: Http) -> Suite:
    return Suite(Localkube(), Narrator(console()), http)


async def _token(suite: Suite, options: argparse.Namespace) -> str:
    if options.client:
        return str((await suite.client_token(options.client))["access_token"])
    return str((await suite.user_token(options.user))["access_token"])
