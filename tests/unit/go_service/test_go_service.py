"""The program between a real cas-server and a real rest-service, by the wire protocol alone."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from chassis.testing import AuthServer, DiscoveryTable
from chassis.testing.service_process import ServiceProcess
from eventually import PATIENCE_S, poll
from suitectl.catalogue import services

pytest_plugins = ["chassis.testing.fixtures"]
BIN = Path(sys.executable).parent
NAME, OTHER = "go-service", "rest-service"
pytestmark = [
    pytest.mark.skipif(
        not (BIN / NAME).exists(), reason="no Go is on this machine: docs/other-languages.md"
    ),
    pytest.mark.skipif(OTHER not in services(), reason="nobody is there to be called back"),
]


@dataclass
class Pair:
    """Both services, which find each other by a table."""

    go: ServiceProcess
    rest: ServiceProcess
    table: DiscoveryTable

    def get(self, service: ServiceProcess, path: str, token: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(service.url + path, headers=headers, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def pair(auth_server: AuthServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    directory = tmp_path_factory.mktemp("pair")
    table = DiscoveryTable(directory / "table.json")
    with ExitStack() as stack:
        rest = stack.enter_context(
            _started(OTHER, auth_server, table, {"greeting.message": "Hello"})
        )
        table[services()[OTHER].service] = rest.url
        callback = {"callback.url": f"http://{services()[OTHER].service}"}
        go = stack.enter_context(_started(NAME, auth_server, table, callback))
        table[services()[NAME].service] = go.url
        yield Pair(go, rest, table)


def _started(
    name: str, auth_server: AuthServer, table: DiscoveryTable, more: dict[str, str]
) -> ServiceProcess:
    patience = {"client.timeout": f"{PATIENCE_S:g}s"}
    settings = {**auth_server.settings(name), **table.settings, **patience, **more}
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("POD_NAME", f"{name}-1")
        return ServiceProcess([str(BIN / name)], settings)


def test_a_call_goes_there_and_comes_back(pair: Pair, auth_server: AuthServer) -> None:
    alice = auth_server.as_user("alice", scopes="read").token
    detail = pair.get(pair.rest, "/api/detail/go", alice)
    assert detail.status_code == 200, detail.text
    assert detail.json() == {
        "service": NAME,
        "version": "0.1.0",
        "pod": "go-service-1",
        "caller": "alice",
        "called_back_as": NAME,
    }


def test_it_sees_the_caller_as_the_others_do(pair: Pair, auth_server: AuthServer) -> None:
    rights = {"scopes": "read write", "authorities": "ROLE_USER ROLE_ADMIN"}
    carol = auth_server.as_user("carol", client="carols", **rights).token
    here, there = (pair.get(one, "/api/me", carol).json() for one in (pair.go, pair.rest))
    assert here == {key: there[key] for key in here}
    robot = auth_server.as_client("robot", scopes="read").token
    assert pair.get(pair.go, "/api/me", robot).json()["name"] == "robot"


@pytest.mark.parametrize("path", ["/api/me", "/nowhere"])
def test_refusals_are_those_of_the_chassis(pair: Pair, auth_server: AuthServer, path: str) -> None:
    elsewhere = auth_server.as_client("stray", scopes="read", audience="elsewhere").token
    for token in ("", "unknown", "not a token", "a" * 4097, elsewhere):
        here, there = (pair.get(one, path, token) for one in (pair.go, pair.rest))
        assert here.status_code == there.status_code == 401
        assert here.json()["error"] == there.json()["error"]
        assert ("error=" in here.headers["www-authenticate"]) is (
            "error=" in there.headers["www-authenticate"]
        )
        assert here.headers["cache-control"] == there.headers["cache-control"]


def test_a_scope_that_is_missing_is_named(pair: Pair, auth_server: AuthServer) -> None:
    writer = auth_server.as_client("writer", scopes="write").token
    refused = pair.get(pair.go, "/api/detail", writer)
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="read"' in refused.headers["www-authenticate"]
    relayed = pair.get(pair.rest, "/api/detail/go", writer)
    assert (relayed.status_code, relayed.json()["error"]) == (403, "access_denied")


def test_a_revoked_token_is_dead_within_the_time_of_the_cache(
    pair: Pair, auth_server: AuthServer
) -> None:
    dora = auth_server.as_user("dora", client="doras", scopes="read")
    assert pair.get(pair.go, "/api/me", dora.token).status_code == 200
    auth_server.revoke(dora)
    poll(lambda: pair.get(pair.go, "/api/me", dora.token).status_code == 401, "revoked")


def test_without_the_token_service_the_response_is_503(auth_server: AuthServer) -> None:
    away = {"security.oauth2.resource.token-info-uri": "http://127.0.0.1:1/oauth/check_token"}
    settings = {**auth_server.settings(NAME), **away, "callback.url": "http://127.0.0.1:1"}
    with ServiceProcess([str(BIN / NAME)], settings) as lonely:
        bearer = {"Authorization": "Bearer some-secret-token"}
        refused = httpx.get(f"{lonely.url}/api/me", headers=bearer, timeout=PATIENCE_S)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["error"] == "temporarily_unavailable"
        assert httpx.get(f"{lonely.management}/readyz", timeout=PATIENCE_S).status_code == 200
        assert lonely.end() == 0
        assert "some-secret-token" not in lonely.output
        lines = [json.loads(line) for line in lonely.output.splitlines()]
        assert {line["service"] for line in lines} == {NAME}
        failed = next(line for line in lines if line["message"] == "call failed")
        assert refused.headers["traceresponse"].split("-")[1] == failed["trace_id"]


def test_a_running_request_is_served_before_the_end(auth_server: AuthServer) -> None:
    """The drain waits for it, as `/readyz` says before the listener closes."""
    settings = {**auth_server.settings(NAME), "callback.url": "http://127.0.0.1:1"}
    drained = {**settings, "server.drain-wait": f"{PATIENCE_S:g}s"}
    with ServiceProcess([str(BIN / NAME)], drained) as one:
        one._process.send_signal(signal.SIGTERM)
        poll(lambda: httpx.get(f"{one.management}/readyz", timeout=PATIENCE_S).status_code == 503)
        late = httpx.get(f"{one.url}/api/me", timeout=PATIENCE_S)
        assert (late.status_code, late.headers["connection"]) == (401, "close")
        # The second signal ends the drain at once.
        assert one.end() == -signal.SIGTERM


def test_an_unusable_configuration_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "application.yaml").write_text('{"server": {"prot": 1}}')
    unusable = ServiceProcess([str(BIN / NAME)], {}, config=tmp_path)
    with pytest.raises(RuntimeError, match=r"server\.prot: unknown key"), unusable:
        pass


def test_it_starts_with_its_manifests_and_prod_refuses_the_demo_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = {kind: tmp_path / kind for kind in ("ConfigMap", "Secret")}
    for kind, member in (("ConfigMap", "data"), ("Secret", "stringData")):
        mounts[kind].mkdir()
        for manifest in services()[NAME].of(kind):
            for file, text in manifest[member].items():
                (mounts[kind] / file).write_text(text)

    def started() -> ServiceProcess:
        command = [str(BIN / NAME)]
        return ServiceProcess(command, {}, config=mounts["ConfigMap"], secrets=mounts["Secret"])

    with started():
        pass
    monkeypatch.setenv("PROFILES_ACTIVE", "kubernetes,prod")
    production = started()
    with pytest.raises(RuntimeError, match="a demo secret, which prod refuses"), production:
        pass
