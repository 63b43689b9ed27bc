"""A call to the service in another language and back, on either platform."""

import sys
from pathlib import Path

import pytest

from sample_services import needs
from suitectl.platform.http import Reply
from suitectl.platform.localkube import Localkube
from suitectl.story.cast import GO_SERVICE, REST, REST_SERVICE
from suitectl.story.suite import Suite

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(300),
    needs(GO_SERVICE),
]
PROGRAM = Path(sys.executable).with_name(GO_SERVICE)
GO = ("go-service-service", "system-server")


@pytest.fixture
async def token(suite: Suite) -> str:
    """Return alice's token, where the service runs."""
    if isinstance(suite.platform, Localkube) and not PROGRAM.exists():
        pytest.skip("no Go is on this machine: docs/other-languages.md")
    return str((await suite.user_token("alice"))["access_token"])


@needs(REST_SERVICE)
async def test_rest_service_calls_it_and_it_calls_back(suite: Suite, token: str) -> None:
    reply = await suite.call(REST, "/api/detail/go", bearer=token)
    assert reply.ok, reply
    detail = reply.json()
    assert detail.pop("pod").startswith("go-service-deployment-")
    assert detail == {
        "service": "go-service",
        "version": "0.1.0",
        "caller": "alice",
        "called_back_as": "go-service",
    }


async def test_it_checks_tokens_itself(suite: Suite, token: str) -> None:
    me = await suite.call(GO, "/api/me", bearer=token)
    assert (me.ok, me.json()["name"]) == (True, "alice")
    for refused in (await suite.call(GO, "/api/me"), await suite.call(GO, "/api/me", bearer="x")):
        assert _refused(refused)


def _refused(reply: Reply) -> bool:
    return reply.status == 401 and "error" in reply.json()
