"""Common HTTP clients with default settings, as processes, against real services."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sample_services import needs
from service_apps import SAMPLE
from suitectl.story.cast import REST_SERVICE
from three_services import PAIR, ThreeServices, three_services

CLIENTS = Path(__file__).parent / "clients"
GO = shutil.which("go", path=f"{os.environ['PATH']}:/usr/local/go/bin") or "go"
PYTHON = (sys.executable, str(CLIENTS / "python_client.py"))
COMMANDS: Mapping[str, Sequence[str]] = {
    "jdk": ("java", str(CLIENTS / "Jdk.java")),
    "curl": ("sh", str(CLIENTS / "curl_http2.sh")),
    "requests": (*PYTHON, "requests"),
    "httpx": (*PYTHON, "httpx"),
    "node": ("node", str(CLIENTS / "fetch.mjs")),
    "go": (GO, "run", str(CLIENTS / "client.go")),
}
TOOLS = {"curl": "curl"}


@dataclass(frozen=True)
class Seen:
    """One response as a client reports it."""

    status: int
    body: dict[str, Any]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeServices]:
    with three_services(tmp_path_factory.mktemp("services")) as running:
        yield running


@needs(REST_SERVICE)  # which has the endpoint `/api/echo`
@pytest.mark.timeout(300)  # the first `go run` compiles net/http
@pytest.mark.parametrize("client", COMMANDS)
def test_a_client_with_default_settings_is_served(services: ThreeServices, client: str) -> None:
    seen = _run(client, services)

    assert {call: each.status for call, each in seen.items()} == dict.fromkeys(seen, 200)
    assert set(seen) == {"token", "introspect", "check_token", "echo", "chunked"}
    assert seen["token"].body["token_type"] == "bearer"
    assert seen["introspect"].body["active"] is True
    assert seen["check_token"].body["user_name"] == "fuzz-admin"
    assert seen["echo"].body == seen["chunked"].body == {"said": "x" * 40_000}


def _run(client: str, services: ThreeServices) -> dict[str, Seen]:
    command = COMMANDS[client]
    tool = TOOLS.get(client, command[0])
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on this machine")
    urls = services.urls
    done = subprocess.run(
        [*command, urls["cas-server"], urls[SAMPLE], PAIR, services.token],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(_line(line) for line in done.stdout.splitlines())


def _line(line: str) -> tuple[str, Seen]:
    call, status, body = line.split("\t")
    return call, Seen(int(status), json.loads(body))
