"""`auth_server` is a real cas-server: a service checks its tokens there, by check_token."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from chassis.testing import (
    AuthServer,
    NotInstalledError,
    Serve,
    Served,
    as_user,
    auth_server,
    installed,
)
from service_apps import module_of
from suitectl.catalogue import on_chassis, services
from unit.chassis.testing.sample import create_app

pytestmark = pytest.mark.anyio
UNCACHED = {"security.oauth2.resource.cache-ttl": 0}


@pytest.fixture
async def orders(serve: Serve, auth_server: AuthServer) -> Served:
    return await serve(create_app, UNCACHED, auth_server=auth_server)


async def test_users_and_clients_exist_once_they_are_named(
    orders: Served, auth_server: AuthServer
) -> None:
    alice = auth_server.as_user("alice", scopes="read")
    admin = auth_server.as_user("root", scopes="write", authorities="ROLE_ADMIN")
    app = auth_server.as_client("app", scopes="read", authorities=["ROLE_ADMIN"])
    seen = [
        (await orders.get(path, auth=who)).status_code
        for who in (alice, admin, app, alice)
        for path in ("/api/me", "/api/admin")
    ]
    assert seen == [200, 403, 403, 200, 200, 200, 200, 403]
    assert (await orders.get("/api/me", auth=app)).json()["caller"] == "app"


async def test_foreign_revoked_and_made_up_tokens_are_refused(
    orders: Served, auth_server: AuthServer
) -> None:
    foreign = auth_server.as_user("alice", scopes="read", audience="stock")
    revoked = auth_server.as_user("alice", scopes="read")
    assert (await orders.get("/api/me", auth=revoked)).status_code == 200
    auth_server.revoke(revoked)
    for caller in (foreign, revoked, as_user("alice", scopes="read")):
        response = await orders.get("/api/me", auth=caller)
        assert (response.status_code, response.json()["error"]) == (401, "invalid_token")


async def test_a_service_calls_another_with_real_tokens(
    serve: Serve, auth_server: AuthServer
) -> None:
    stock = await serve(create_app, auth_server=auth_server, http=True)
    services = {"stock-service": stock.url}
    orders = await serve(create_app, auth_server=auth_server, services=services)
    alice = auth_server.as_user("alice", scopes="read")
    callers = [(await orders.get(path, auth=alice)).text for path in ("/api/relayed", "/api/own")]
    assert ["alice" in callers[0], "unit" in callers[1]] == [True, True]


async def test_a_name_that_the_server_rejects_is_an_error_and_harms_nobody_else(
    orders: Served, auth_server: AuthServer
) -> None:
    auth_server.as_client("both")
    with pytest.raises(ValueError, match=r"cas-server rejects users\.both: is a client's name"):
        _ = auth_server.as_user("both", client="both").token
    alice = auth_server.as_user("alice", scopes="read")
    assert (await orders.get("/api/me", auth=alice)).status_code == 200


@pytest.mark.parametrize("name", [one.name for one in on_chassis().values() if one.is_api])
async def test_every_service_accepts_a_real_token_under_its_own_configuration(
    serve: Serve, auth_server: AuthServer, name: str
) -> None:
    config = next(services()[name].of("ConfigMap"))["data"]
    create = module_of(name, "app").create_app
    service = await serve(create, config=config, auth_server=auth_server)
    alice = auth_server.as_user("alice", scopes="read")
    seen = [(await service.get("/nowhere", auth=who)).status_code for who in (None, alice)]
    assert seen == [401, 404]


def test_two_run_at_once_and_end_with_their_processes_and_ports() -> None:
    before = children()
    with auth_server() as one, auth_server() as other:
        urls = [one.url, other.url, one.management]
        one.settings("orders")
        token = one.as_client("app").token
        check = {"data": {"token": token}, "auth": ("app", "wrong")}
        assert httpx.post(f"{other.url}/oauth/check_token", **check).status_code == 401  # type: ignore[arg-type]  # data and auth
        processes = children() - before
        assert len(processes) == 4
    assert children() & processes == set()
    for url in urls:
        with pytest.raises(ConnectionRefusedError), socket.socket() as probe:
            probe.connect(("127.0.0.1", urlsplit(url).port))


def children() -> set[str]:
    """Return the ids of the processes that this one has started."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize("program", ["redis-server", "cas-server"])
def test_a_missing_program_is_one_line_with_its_remedy(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    find = {"redis-server": installed.redis_server, "cas-server": installed.cas_server}[program]
    with pytest.raises(NotInstalledError, match=f"no {program} found; install it: .+"):
        find()


def test_without_a_program_the_fixture_skips_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(
        "import sys\n"
        "sys.executable = '/nonexistent/python'\n"
        "pytest_plugins = ['chassis.testing.fixtures']\n"
        "def test_it(auth_server): pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", file],
        cwd=tmp_path,
        env={"PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "no redis-server found; install it: " in done.stdout
    assert "1 skipped" in done.stdout
