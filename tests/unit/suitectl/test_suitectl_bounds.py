"""Every wait of a command is bounded."""

import asyncio
import socket
import sys

import httpx
import pytest

from eventually import PATIENCE_S
from suitectl.errors import CommandFailedError
from suitectl.platform import agent
from suitectl.platform.kubernetes import Kubernetes

pytestmark = pytest.mark.anyio


@pytest.mark.bound("operator-command")
async def test_a_program_that_does_not_end_is_killed_and_reported_in_one_line() -> None:
    waits = (sys.executable, "-c", "import time; time.sleep(60)")
    program = Kubernetes(waits)
    with pytest.raises(CommandFailedError, match=r"get pods: timed out after 0\.2 s"):
        # clock: the program does not end by itself
        await program.run("get", "pods", timeout=0.2)


@pytest.mark.bound("operator-request")
async def test_a_request_without_a_response_is_reported_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(agent, "TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "http://{}:{}".format(*silent.getsockname())
        async with asyncio.timeout(PATIENCE_S), agent.new_client(httpx.Limits()) as client:
            reply = await agent.send(client, agent.Request("GET", url))

    assert reply.status == agent.NO_RESPONSE
    assert "Timeout" in reply.body
