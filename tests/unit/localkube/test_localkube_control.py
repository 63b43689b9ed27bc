"""The control socket bounds requests, and reports one that exceeds the bound."""

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localkube.control import client
from localkube.control.client import Client
from localkube.control.server import ControlServer
from localkube.control.state_directory import LONGEST_REQUEST, SOCKET, State
from localkube.errors import LocalkubeError

pytestmark = pytest.mark.anyio


async def length(text: str) -> int:
    return len(text)


def hang_up(server: socket.socket) -> None:
    server.accept()[0].close()


async def exchange(request: bytes) -> object:
    reader, writer = await asyncio.open_unix_connection(SOCKET)
    try:
        writer.write(request)
        return json.loads(await reader.readline())
    finally:
        writer.close()


@pytest.mark.bound("localkube-request")
async def test_the_server_refuses_a_request_beyond_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    empty = len(json.dumps({"operation": "length", "text": ""}))
    fits = json.dumps({"operation": "length", "text": "x" * (LONGEST_REQUEST - empty)}).encode()
    async with await ControlServer({"length": length}, {}).start():
        assert await exchange(fits + b"\n") == {"result": LONGEST_REQUEST - empty}
        refused = await exchange(b"x" * (LONGEST_REQUEST + 1))

    assert refused == {
        "error": "the request exceeds 16,777,216 bytes; apply in parts",
        "exit_code": 1,
    }


@pytest.mark.bound("localkube-request")
def test_the_client_refuses_a_request_beyond_the_bound(tmp_path: Path) -> None:
    with pytest.raises(LocalkubeError, match="exceeds 16,777,216 bytes"):
        Client(State(tmp_path)).call("apply", documents=["x" * LONGEST_REQUEST])


@pytest.mark.bound("localkube-response-time")
def test_a_missing_response_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(client, "TIMEOUT_S", 0.05)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(SOCKET)
        silent.listen()
        with pytest.raises(LocalkubeError, match=r"did not respond within 0\.05 s; see .*log"):
            Client(State(tmp_path)).call("list")


def test_a_closed_connection_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor() as pool:
        server.bind(SOCKET)
        server.listen()
        ended = pool.submit(hang_up, server)
        with pytest.raises(LocalkubeError, match="ended before it responded"):
            Client(State(tmp_path)).call("apply", documents=["x" * 1_000_000])
        ended.result()
