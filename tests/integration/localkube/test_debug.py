"""`make debug`: breakpoints are reached, also after a reload, and nothing is left of it."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from debug_client import debugging
from integration.localkube.kit import processes_of, service
from integration.localkube.reloading import Reloading, prepared, served
from localkube.control.client import Client
from localkube.control.state_directory import State
from suitectl.catalogue import Service
from suitectl.debugging.forward import Forward, with_restart
from suitectl.debugging.session import DebugSession, chosen
from suitectl.errors import CommandFailedError

PROBED = {"httpGet": {"path": "/livez", "port": "http"}, "periodSeconds": 1, "failureThreshold": 1}


@pytest.fixture
def kube(tmp_path: Path) -> Iterator[Reloading]:
    kube = prepared(tmp_path)
    yield kube
    kube.run("down", "--grace-period", "1")
    assert processes_of(kube.state) == []


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def manifests() -> list[dict[str, object]]:
    documents = [served("web", replicas=2, livenessProbe=PROBED, startupProbe=PROBED), service()]
    for document in documents:
        document["metadata"]["namespace"] = "default"
    return documents


@asynccontextmanager
async def debugged(kube: Reloading, port: int) -> AsyncIterator[list[str]]:
    """Run `web` under the debugger; yield what is said about its connections."""
    found, said = Service("web", tuple(manifests())), list[str]()
    session = DebugSession(Client(State(kube.state)), found, None)
    forward = Forward(session.find, said.append)
    async with forward.listening(port):
        await session.begin()
        yield said
        forward.restarts = False
        await session.end()


def respond(kube: Reloading) -> "asyncio.Task[str]":
    return asyncio.create_task(asyncio.to_thread(kube.fetch))


@pytest.mark.anyio
async def test_a_breakpoint_is_reached_before_and_after_a_reload(
    kube: Reloading, port: int
) -> None:
    assert kube.up(*manifests(), options=("--watch",)).code == 0
    before = kube.objects("deployment", "web")[0]["spec"]
    program = kube.directory / "serve.py"
    line = 1 + program.read_text().splitlines().index(
        '    return 200, os.environ.get("POD_NAME", "?")'
    )

    async with debugged(kube, port) as said:
        assert len(await asyncio.to_thread(kube.names)) == 1
        async with debugging(port) as client:
            await client.attach(program, [line])
            response = respond(kube)
            thread, path, stopped = await client.stopped()
            assert (path, stopped) == (str(program), line)
            await client.resume(thread)
            assert await response == "one"

            kube.save("WORD = 'two'\n")
            assert (await client.event("terminated"))["body"]["restart"] is True

        async with debugging(port) as client:
            await client.attach(program, [line])
            response = respond(kube)
            thread, path, stopped = await client.stopped()
            assert (path, stopped) == (str(program), line)
            await client.resume(thread)
            assert await response == "two"
        assert said.count("a debugger is attached") == 2

    assert kube.objects("deployment", "web")[0]["spec"] == before
    await asyncio.to_thread(kube.all_serve, "two")


@pytest.mark.anyio
async def test_no_probe_ends_a_stopped_process_or_takes_its_requests_away(
    kube: Reloading, port: int
) -> None:
    assert kube.up(*manifests()).code == 0
    program = kube.directory / "serve.py"
    lines = program.read_text().splitlines()
    line = 1 + lines.index('    return 200, os.environ.get("POD_NAME", "?")')

    async with debugged(kube, port), debugging(port) as client:
        (pod,) = await asyncio.to_thread(kube.names)
        await client.attach(program, [line])
        response = respond(kube)
        thread, *_ = await client.stopped()
        container = (await asyncio.to_thread(kube.pods))[0]["spec"]["containers"][0]
        assert "livenessProbe" not in container
        assert "startupProbe" not in container
        # clock: two periods of the readiness probe, which fails meanwhile
        await asyncio.sleep(2.5)
        assert await asyncio.to_thread(kube.names) == {pod}
        assert kube.objects("endpoints", "web")[0]["subsets"]
        await client.resume(thread)
        assert await response == "one"


@pytest.mark.anyio
async def test_a_broken_line_leaves_the_debugger_attached(kube: Reloading, port: int) -> None:
    assert kube.up(*manifests(), options=("--watch",)).code == 0
    program = kube.directory / "serve.py"
    lines = program.read_text().splitlines()
    line = 1 + lines.index('    return 200, os.environ.get("POD_NAME", "?")')
    async with debugged(kube, port), debugging(port) as client:
        await client.attach(program, [line])
        kube.save("WORD = nothing\n")
        await asyncio.to_thread(kube.reported, "web: the previous version keeps serving")
        response = respond(kube)
        thread, *_ = await client.stopped()
        await client.resume(thread)
        assert await response == "one"


@pytest.mark.anyio
async def test_what_a_killed_command_left_is_undone_by_the_next(kube: Reloading, port: int) -> None:
    assert kube.up(*manifests()).code == 0
    before = kube.objects("deployment", "web")[0]["spec"]
    session = DebugSession(Client(State(kube.state)), Service("web", tuple(manifests())), None)
    await session.begin()
    async with debugged(kube, port):
        pass
    assert kube.objects("deployment", "web")[0]["spec"] == before


@pytest.mark.anyio
async def test_a_port_in_use_is_one_line() -> None:
    async def find() -> tuple[str, int]:
        raise AssertionError

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandFailedError, match=f"name another port: PORT={port + 1}"):
            async with Forward(find, print).listening(port):
                pass


def test_only_the_event_says_that_a_process_follows() -> None:
    event = json.dumps({"type": "event", "event": "terminated"}).encode()
    assert json.loads(with_restart(event))["body"] == {"restart": True}
    for other in (b'{"event": "exited"}', b'{"body": {"output": "\\"terminated\\""}}'):
        assert json.loads(with_restart(other)) == json.loads(other)


def test_a_version_is_chosen_by_name() -> None:
    found = {"v1": "web-v1", "v2": "web-v2"}
    assert chosen("web", found, None) == "web-v1"
    assert chosen("web", found, "v2") == "web-v2"
    with pytest.raises(CommandFailedError, match=r"VERSION=v3: web has no such version.*v1, v2"):
        chosen("web", found, "v3")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "SERVICE is missing"),
        (("--service=nobody",), "SERVICE=nobody: no such service"),
        (("--service=nobody", "--platform=kubernetes"), "skaffold dev -p debug"),
    ],
)
def test_a_wrong_command_is_one_line(arguments: tuple[str, ...], error: str) -> None:
    command = [sys.executable, "-m", "suitectl", "debug", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert error in done.stderr
    assert len(done.stderr.splitlines()) == 1
