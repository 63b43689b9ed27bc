"""OpenID Connect with clients of others: openid-client and oauth4webapi, in Node.js."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interop.browser import Browser
from interop.openid_provider import (
    CALLBACK,
    CLIENT,
    LOGGED_OUT,
    PASSWORD,
    SECRET,
    Provider,
    identities,
    provider,
)
from suitectl.root import ROOT

SOURCES = Path(__file__).parent / "clients/openid"
FOLDER = ROOT / ".build/interop-openid"
"""Where the packages are; Node.js looks for them beside the program."""
PUBLIC = {**CLIENT, "token-endpoint-auth-method": "none", "require-pkce": True}


@pytest.fixture(scope="module")
def packages() -> Path:
    """Install the packages of package-lock.json, once."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not on this machine")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in SOURCES.iterdir():
        shutil.copy(path, FOLDER)
    if not (FOLDER / "node_modules/openid-client").is_dir():
        command = ["npm", "ci", "--no-audit", "--no-fund", "--prefix", str(FOLDER)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            pytest.skip("npm reaches no registry with openid-client")
    return FOLDER


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    registered = identities({"public": PUBLIC})
    with provider(tmp_path_factory.mktemp("provider"), registered, replicas=2) as found:
        yield found


@pytest.mark.parametrize(
    ("program", "client"), [("openid_client.mjs", "client"), ("oauth4webapi.mjs", "public")]
)
def test_a_client_logs_in_refreshes_and_logs_out(
    packages: Path, running: Provider, program: str, client: str
) -> None:
    seen = _run(packages / program, running, client)
    assert seen["sub"] == "alice"
    assert seen["userinfo"] == {
        "sub": "alice",
        "preferred_username": "alice",
        "name": "Alice Example",
        "email": "alice@example.com",
        "email_verified": True,
    }
    assert seen["same"], "a refresh keeps user and login"
    assert seen["silent"], "prompt=none with id_token_hint finds the same login"
    assert seen["bye"] == f"{LOGGED_OUT}?state=bye"
    assert seen["after"] == "login_required"
    assert seen["revoked"] == "invalid_grant"


def _run(program: Path, running: Provider, client: str) -> dict[str, Any]:
    """Run a program, and open in a browser what it asks for."""
    secret = SECRET if client == "client" else ""
    command = ["node", str(program), running.issuer, client, secret, CALLBACK, LOGGED_OUT]
    browser = Browser(running.issuer)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            said: dict[str, Any] = json.loads(line)
            if "seen" in said:
                return dict(said["seen"])
            process.stdin.write(browser.log_in(said["open"], "alice", PASSWORD).url + "\n")
            process.stdin.flush()
        raise AssertionError(process.stderr.read())
