"""A login of the whole load that meets a failover is told so, and begins again."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from story.patience import Noting
from story.refreshing import logged_in

from suitectl.login.visitor import Visitor
from suitectl.platform.http import NO_RESPONSE, Reply, Request
from suitectl.platform.localkube import Localkube
from suitectl.reporter import Reporter
from suitectl.story.chapters.code_flow import METADATA, REDIRECT_URI
from suitectl.story.suite import Suite

pytestmark = pytest.mark.anyio

BASE = "http://suite"


class Platform(Localkube):
    async def url(self, service: str, namespace: str) -> str:  # noqa: ARG002 - as a Platform takes it
        return BASE


class Redirecting:
    """A cas-server whose authorization endpoint sends an error to the client."""

    def __init__(self, error: str) -> None:
        self._error = error

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:  # noqa: ARG002 - as a Sender takes it
        if METADATA in request.url:
            return Reply(200, f'{{"issuer": "{BASE}"}}', {}, 0.0, 0.5)
        location = f"{REDIRECT_URI}?error={self._error}&iss={BASE}"
        return Reply(303, "", {"location": location}, 0.0, 0.5)


@pytest.mark.parametrize(
    ("error", "status"), [("temporarily_unavailable", 303), ("access_denied", NO_RESPONSE)]
)
async def test_an_error_at_the_authorization_endpoint_is_a_refusal_or_a_failure(
    error: str, status: int
) -> None:
    """Regression: the metadata that is fetched afterwards hid the refusal."""
    suite = Suite(Platform(), Redirecting(error), Reporter(out=Console(file=io.StringIO())))
    noting = Noting(suite.http)
    visitor = Visitor(noting, BASE, lambda *_: None)

    reply = await logged_in(replace(suite, http=noting), noting, visitor)

    assert reply.status == status
