"""`suitectl login` against a real cas-server, from a client pod as in a cluster."""

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from chassis.testing.service_process import ServiceProcess
from eventually import PATIENCE_S
from integration.cas_server.cas_process import cas_process
from integration.suitectl.test_tokens import KUBECTL
from redis_process import redis_port, store
from suitectl.__main__ import main
from suitectl.catalogue import registrations
from suitectl.commands import login
from suitectl.login.authorization import Authorization
from suitectl.login.listener import listening
from suitectl.login.page import PageForm

ISSUER = "https://id.example"


@pytest.fixture(scope="module")
def cas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """Serve the demo's identities under an https issuer, as behind an ingress."""
    directory = tmp_path_factory.mktemp("login")
    (directory / "redis").mkdir()
    (directory / "config").mkdir()
    with redis_port(directory / "redis") as port:
        settings = {**store(port), "issuer": ISSUER}
        with cas_process(directory / "config", registrations(), settings) as running:
            yield running


@pytest.fixture(autouse=True)
def _cluster(cas: ServiceProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl = tmp_path / "kubectl"
    port = urlsplit(cas.url).port
    kubectl.write_text(KUBECTL.format(python=sys.executable, port=port))
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("PLATFORM", "kubernetes")


def test_a_user_logs_in_and_sees_each_step(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["login", "--user=alice"]) == 0
    first = capfd.readouterr().out
    assert main(["login", "--user=alice"]) == 0
    again = capfd.readouterr().out

    assert [line.split()[:3] for line in first.splitlines() if line[:1].isupper()] == [
        ["GET", "/oauth/authorize", "303"],
        ["GET", "/login", "200"],
        ["POST", "/login", "303"],
        ["GET", "/oauth/authorize", "200"],
        ["POST", "/oauth/authorize/consent", "303"],
        ["POST", "/oauth/token", "200"],
    ]
    # Each login is a browser of its own; the user allowed that before, but not who may listen here.
    assert "/oauth/authorize/consent" in again
    assert re.search(r"^who +alice$", first, re.MULTILINE)
    assert re.search(r"^through +demo-cli$", first, re.MULTILINE)
    assert re.search(r"^may +read, write$", first, re.MULTILINE)
    assert re.search(r"^for +10 minutes, and longer with its refresh token$", first, re.MULTILINE)
    assert max(map(len, first.splitlines())) <= 80


def test_the_token_is_printed_where_it_is_asked_for(
    cas: ServiceProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["login", "--user=admin", "--token=1"]) == 0
    token = capfd.readouterr().out.splitlines()[-1]

    user = httpx.get(f"{cas.url}/api/v1/user", headers={"Authorization": f"Bearer {token}"})
    assert user.json()["sub"] == "admin"


def test_a_wrong_password_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "identities.json").write_text('{"alice": "wrong"}')
    monkeypatch.setenv("SUITE_IDENTITIES", str(tmp_path / "identities.json"))

    assert main(["login"]) == 1

    (line,) = capfd.readouterr().err.splitlines()
    assert line == "login: 401 The user name or the password is wrong. Please try again."


def test_a_browser_reaches_no_cluster(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["login", "--browser=1"]) == 1
    assert capfd.readouterr().err.startswith("login: BROWSER=1: a browser of this machine")


@pytest.mark.anyio
async def test_the_listener_takes_the_response_of_a_browser(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    waiting = asyncio.create_task(login._by_browser("http://cas", "alice"))
    printed = ""
    while "http://cas" not in printed:
        await asyncio.sleep(0)
        printed += capfd.readouterr().out
    asked = parse_qs(urlsplit(printed.split()[-1]).query)
    (uri,) = asked["redirect_uri"]
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as browser:
        assert (
            "Logged in" not in (await browser.get(uri.replace("callback", "favicon.ico"))).url.path
        )
        page = await browser.get(uri, params={"code": "x", "state": asked["state"][0], "iss": "i"})
    assert "go back to the terminal" in page.text
    request, location = await waiting
    assert request.code_of(location, "i") == "x"
    assert asked["login_hint"] == ["alice"]
    monkeypatch.setattr(login, "_BROWSER_S", 0.0)
    with pytest.raises(Exception, match="nobody came back"):
        await login._by_browser("http://cas", "alice")


@pytest.mark.anyio
async def test_the_listener_survives_what_is_no_request() -> None:
    async with listening() as listener:
        parts = urlsplit(listener.redirect_uri)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(b"x" * 100_000)
        writer.close()
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as browser:
            await browser.get(f"{listener.redirect_uri}?code=a")
        assert await listener.arrived == "/callback?code=a"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("error=access_denied&error_description=no", "access_denied: no"),
        ("code=a&state=other&iss=i", "another request or server|of another"),
        ("code=a&state=s&iss=other", "of another"),
        ("state=s&iss=i", "of another"),
    ],
)
def test_another_response_is_refused(query: str, message: str) -> None:
    """RFC 6749, 10.12; RFC 9207, 2.4."""
    request = Authorization("cli", "http://127.0.0.1/callback", state="s")
    with pytest.raises(Exception, match=message):
        request.code_of(f"http://127.0.0.1/callback?{query}", "i")
    assert request.verifier not in repr(request)


def test_a_form_is_read_as_a_browser_reads_it() -> None:
    html = (
        '<form action="/a?b&amp;c"><input name="x" value="&#34;"><p role=alert>No,\n  <b>no</b></p>'
    )
    form = PageForm.of(html)
    assert (form.action, form.fields, form.alert) == ("/a?b&c", {"x": '"'}, "No, no")
