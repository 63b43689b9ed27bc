"""OpenID Connect with oauth2-proxy, which logs users in for a site that can't."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from eventually import PATIENCE_S
from interop.browser import Browser
from interop.openid_provider import CLIENT, PASSWORD, SECRET, Provider, identities, provider
from suitectl.root import ROOT

INSTALL = "GOBIN=$PWD/.build/bin go install github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6"
REFRESH_S = 2


def _program() -> str:
    found = shutil.which("oauth2-proxy") or shutil.which("oauth2-proxy", path=ROOT / ".build/bin")
    if found is None:
        pytest.skip(f"oauth2-proxy is not on this machine: {INSTALL}")
    return found


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Provider]:
    redirects = {"redirect-uris": ["http://127.0.0.1/oauth2/callback"], "require-pkce": True}
    registered = identities()
    registered["clients"]["client"] |= CLIENT | redirects
    with provider(tmp_path, registered, replicas=2) as found:
        yield found


def test_a_proxy_logs_users_in_refreshes_and_logs_out(running: Provider) -> None:
    program, port = _program(), _free_port()
    proxy = f"http://127.0.0.1:{port}"
    browser = Browser(running.issuer, proxy)
    with _served(_command(program, running.issuer, port), proxy):
        seen = browser.log_in(f"{proxy}/", "alice", PASSWORD)
        assert seen.page is not None
        assert (seen.page.status_code, seen.url) == (202, f"{proxy}/")
        who = browser.http.get(f"{proxy}/oauth2/userinfo").json()
        assert who["email"] == "alice@example.com"
        assert (who["user"], who["preferredUsername"]) == ("alice", "alice")

        assert _refreshed(browser, proxy), "the proxy renews its session by the refresh token"

        end = f"{running.issuer}/connect/logout"
        asked = browser.go(f"{proxy}/oauth2/sign_out", {"rd": end})
        assert asked.url == end
        done = browser.submit(asked)
        assert done.page is not None
        assert "logged out" in done.page.text
        again = browser.go(f"{proxy}/")
        assert "password" in again.form.fields


def _command(program: str, issuer: str, port: int) -> Sequence[str]:
    address = f"127.0.0.1:{port}"
    settings = {
        "provider": "oidc",
        "oidc-issuer-url": issuer,
        "client-id": "client",
        "client-secret": SECRET,
        "code-challenge-method": "S256",
        "scope": "openid profile email",
        "redirect-url": f"http://{address}/oauth2/callback",
        "http-address": address,
        "whitelist-domain": "127.0.0.1:*",
        "upstream": "static://202",
        "email-domain": "*",
        "cookie-secret": "c" * 32,
        "cookie-secure": "false",
        "cookie-refresh": f"{REFRESH_S}s",
        "skip-provider-button": "true",
    }
    return [program, *(f"--{name}={value}" for name, value in settings.items())]


def _refreshed(browser: Browser, proxy: str) -> bool:
    """Ask until the proxy gives its session out anew."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        response = browser.http.get(f"{proxy}/")
        assert response.status_code == 202
        if "set-cookie" in response.headers:
            return True
        time.sleep(0.2)
    return False


@contextmanager
def _served(command: Sequence[str], url: str) -> Iterator[None]:
    """Run the proxy during the block."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output: list[str] = []
    assert process.stdout is not None
    reading = threading.Thread(target=output.extend, args=(process.stdout,), daemon=True)
    reading.start()
    try:
        ends = time.monotonic() + PATIENCE_S
        while not _responds(url):
            assert process.poll() is None, "".join(output)
            assert time.monotonic() < ends, "".join(output)
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        reading.join()
        process.stdout.close()


def _responds(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ping", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
