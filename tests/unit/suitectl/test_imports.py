"""A command loads only what it needs."""

import json
import re
import subprocess
import sys
from collections.abc import Set as AbstractSet

import pytest

from cas_server.identities.demo_identities import DEMO_SECRETS
from suitectl import catalogue
from suitectl.__main__ import COMMANDS, _module
from suitectl.identities import credentials
from suitectl.secrets.generated import is_public

LOADED = """
import json, sys
before = set(sys.modules)
import suitectl.__main__
sys.modules["suitectl.__main__"]._module(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded(command: str) -> AbstractSet[str]:
    """Return the modules that a command imports."""
    printed = subprocess.check_output([sys.executable, "-c", LOADED, command], text=True)
    return set(json.loads(printed))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_loads_no_other_command_and_no_service(command: str) -> None:
    modules = loaded(command)
    commands = {name for name in modules if name.startswith("suitectl.commands.")}
    own = _module(command).__name__
    shared = {"suitectl.commands.token"} if command == "call" else set()
    assert commands == {own} | shared
    services = {name.replace("-", "_") for name in catalogue.services()} | {"chassis", "fastapi"}
    assert not services & modules


def test_token_loads_only_what_one_request_needs() -> None:
    """docs/performance.md: at most twice the time of httpx with the same request."""
    modules = loaded("token")
    ours = {name for name in modules if re.fullmatch(r"(suitectl|localkube)\.\w+\.\w+", name)}
    assert ours == {
        "localkube.control.client",
        "localkube.control.state_directory",
        "localkube.control.watch",
        "suitectl.commands.token",
        "suitectl.platform.agent",
        "suitectl.platform.client_pod",
        "suitectl.platform.http",
        "suitectl.platform.kubernetes",
        "suitectl.platform.localkube",
        "suitectl.platform.platform",
        "suitectl.platform.pod",
        "suitectl.platform.pod_sender",
        "suitectl.platform.stderr_summary",
    }
    assert not {"suitectl.reporter", "suitectl.terminal"} & modules


@pytest.mark.parametrize("command", ["images", "secrets", "dev-secrets", "deploy", "undeploy"])
def test_a_command_without_requests_loads_no_http_client(command: str) -> None:
    assert "httpx" not in loaded(command)


def test_the_demo_identities_match_those_of_cas_server() -> None:
    assert dict(credentials(name) for name in DEMO_SECRETS) == DEMO_SECRETS
    registered = catalogue.registrations()
    confidential = {n for n, client in registered["clients"].items() if not is_public(client)}
    assert {*registered["users"], *confidential} == DEMO_SECRETS.keys()
