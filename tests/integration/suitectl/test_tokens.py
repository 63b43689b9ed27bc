"""`suitectl token` and `call` in a cluster: requests are sent from the client pod by its agent."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sample_services import OUTSIDE
from suitectl.__main__ import main
from suitectl.catalogue import registrations
from suitectl.root import ROOT

SERVICE = f"--service={OUTSIDE.name}"
"""Without a node port there is no default."""
KUBECTL = """#!{python}
import json, os, sys
image = {{"containers": [{{"image": "cas-server:1"}}]}}
service = {{"spec": {{"clusterIP": "127.0.0.1", "ports": [{{"port": {port}}}]}}}}
pod = {{"metadata": {{}}, "spec": image, "status": {{"phase": "Running"}}}}
profiles = [{{"name": "PROFILES_ACTIVE", "value": os.environ.get("OVERLAY", "")}}]
started = {{"containers": [{{"image": "cas-server:1", "env": profiles}}]}}
deployment = {{"spec": {{"template": {{"spec": started}}}}}}
found = {{"service": service, "deployment": deployment, "pod": pod}}
if sys.argv[1] == "get":
    print(json.dumps(found[sys.argv[2]]))
elif sys.argv[1] == "exec":
    os.execv(sys.executable, [sys.executable, *sys.argv[sys.argv.index("-c"):]])
"""


class Suite(BaseHTTPRequestHandler):
    """A cas-server that accepts one secret per name, and a resource service."""

    def do_POST(self) -> None:
        if self.path != "/oauth/token":
            return self._echo()
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        basic = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        known = basic == "demo-app:demo-app-123" or basic.endswith(":generated")
        token = "of-alice" if "username=alice" in form else f"of-{basic.partition(':')[0]}"
        self._reply(200, {"access_token": token}) if known else self._reply(401, {"error": "no"})
        return None

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == "Bearer of-alice" and self.path == "/api/me"
        self._reply(200 if known else 404, {"path": self.path})

    def do_DELETE(self) -> None:
        self._reply(401, {"error": "invalid_token"})

    def _echo(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._reply(200, {"path": self.path, "body": body})

    def log_message(self, *_: object) -> None:
        pass

    def _reply(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(autouse=True)
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Provide a kubectl whose cluster is this suite."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Suite) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kubectl = tmp_path / "kubectl"
        kubectl.write_text(KUBECTL.format(python=sys.executable, port=server.server_port))
        kubectl.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.setenv("PLATFORM", "kubernetes")
        yield
        server.shutdown()


def test_only_the_token_of_a_user_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--user=alice"]) == 0
    assert capfd.readouterr() == ("of-alice\n", "")


def test_a_clients_secret_is_read_from_suite_identities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "identities.json").write_text('{"read-only-app": "generated"}')
    monkeypatch.setenv("SUITE_IDENTITIES", str(tmp_path / "identities.json"))
    assert main(["token", "--client=read-only-app"]) == 0
    assert capfd.readouterr().out == "of-read-only-app\n"
    assert main(["token", "--client=short-lived-app"]) == 1
    assert "has no secret of short-lived-app" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("option", "listed"), [("user", ("alice", "demo-app")), ("client", ("demo-app", "alice"))]
)
def test_an_unknown_name_lists_those_of_its_kind(
    option: str, listed: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", f"--{option}=bob"]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert f"has no secret of bob; the {option}s are: " in line
    named, other = listed
    assert named in line
    assert other not in line


@pytest.mark.parametrize("text", [None, "[", "[]"])
def test_unreadable_identities_are_reported_in_one_line(
    text: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if text is not None:
        (tmp_path / "identities.json").write_text(text)
    monkeypatch.setenv("SUITE_IDENTITIES", str(tmp_path / "identities.json"))
    assert main(["token"]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("token: SUITE_IDENTITIES=")


def test_a_refused_client_is_reported_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--client=read-only-app"]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line == 'token: no token for read-only-app: 401 {"error": "no"}'


@pytest.mark.parametrize(("path", "code"), [("/api/me", 0), ("/nowhere", 1)])
def test_a_call_prints_the_response_and_fails_unless_it_is_2xx(
    path: str, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", SERVICE, f"--path={path}"]) == code
    status = 404 if code else 200
    assert capfd.readouterr().out == f'{status} {{"path": "{path}"}}\n'


@pytest.mark.parametrize("path", ["greeting", "@elsewhere/", "http://elsewhere/", "/a b", "/ü"])
def test_a_path_that_would_lead_elsewhere_is_refused_in_one_line(
    path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", SERVICE, f"--path={path}"]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line == f"call: PATH={path}: take a path from its / on, such as /api/me"


@pytest.mark.parametrize("option", ["--method=GET /", '--data={"a"', "--service=nobody"])
def test_a_wrong_option_is_refused_in_one_line(
    option: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", SERVICE, option]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    value = option.partition("=")[2]
    assert value in line


def test_data_reaches_the_service_as_typed() -> None:
    data = {"price": "$5", "name": "it's $(SHELL)"}
    typed = ["PATH=/api/echo?a=1&b='", f"DATA={json.dumps(data)}"]
    command = ["make", "--no-print-directory", "call", f"SERVICE={OUTSIDE.name}", *typed]
    printed = subprocess.check_output(command, cwd=ROOT, text=True)
    status, _, body = printed.partition(" ")
    assert status == "200"
    assert json.loads(body) == {"path": "/api/echo?a=1&b='", "body": data}


def test_a_token_for_others_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = OUTSIDE.resource_id
    clients = registrations()["clients"]
    others = [name for name, one in clients.items() if wanted not in one.get("resource-ids", ())]
    if not others:
        pytest.skip("every client may call the only service")
    other = others[0]
    (tmp_path / "identities.json").write_text(json.dumps({other: "generated"}))
    monkeypatch.setenv("SUITE_IDENTITIES", str(tmp_path / "identities.json"))
    assert main(["call", SERVICE, "--method=DELETE", f"--client={other}"]) == 1
    assert f"{wanted} in resource-ids" in capfd.readouterr().err


@pytest.mark.parametrize(("overlay", "code"), [("prod", 0), ("", 1)])
def test_under_prod_the_generated_identities_are_the_default(
    overlay: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    generated = tmp_path / "identities.json"
    generated.write_text('{"read-only-app": "generated"}')
    monkeypatch.setattr("suitectl.tokens.GENERATED", generated)
    monkeypatch.setenv("OVERLAY", overlay)
    assert main(["token", "--client=read-only-app"]) == code
    assert capfd.readouterr().out == ("" if code else "of-read-only-app\n")
