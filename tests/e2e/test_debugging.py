"""A real service under the debugger, by the images of localkube: docs/debug.md."""

import asyncio
import socket

import pytest
from story.restored import restored

from debug_client import debugging
from sample_services import needs
from suitectl.catalogue import services
from suitectl.debugging.forward import Forward
from suitectl.debugging.session import DebugSession
from suitectl.platform.localkube import Localkube
from suitectl.root import ROOT
from suitectl.story.cast import REST, REST_SERVICE
from suitectl.story.suite import Suite

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
PROGRAM = ROOT / "services/rest-service/src/rest_service/api.py"


@needs(REST_SERVICE)
async def test_a_breakpoint_of_a_service_is_reached_and_it_runs_on(suite: Suite) -> None:
    if not isinstance(suite.platform, Localkube):
        pytest.skip("in a cluster skaffold forwards the debugger")
    token = str((await suite.user_token("alice"))["access_token"])
    session, port = DebugSession(suite.platform.client, services()[REST_SERVICE], None), _port()
    forward = Forward(session.find, lambda _: None)
    async with restored(suite.platform), forward.listening(port):
        await session.begin()
        async with debugging(port) as client:
            await client.attach(PROGRAM, [line := _line()])
            reply = asyncio.create_task(suite.call(REST, "/api/me", bearer=token))
            thread, path, stopped = await client.stopped()
            assert (path, stopped) == (str(PROGRAM), line)
            await client.resume(thread)
            assert (await reply).json()["name"] == "alice"
        forward.restarts = False
        await session.end()


def _line() -> int:
    """Return a line of the endpoint that runs once: that of a call ends it as well."""
    lines = PROGRAM.read_text().splitlines()
    first = lines.index('@router.get("/api/me")')
    return 1 + lines.index("        user_name=caller.user_name,", first)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
