"""The real application is served in process and over real HTTP, with the services it calls."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from chassis.config import ConfigError
from chassis.testing import DiscoveryTable, Serve, as_user, served
from unit.chassis.testing.sample import create_app

pytestmark = pytest.mark.anyio

ALICE = as_user("alice", scopes="read")


async def test_settings_win_over_the_mounts_and_profiles_count(serve: Serve) -> None:
    config = {
        "application.yaml": {"stock": {"warehouse": "north"}},
        "application-dev.yaml": "stock.warehouse: dev",
    }
    for profiles, settings, warehouse in (
        ((), {}, "north"),
        (("dev",), {}, "dev"),
        (("dev",), {"stock.warehouse": "given"}, "given"),
    ):
        orders = await serve(create_app, settings, config=config, profiles=profiles)
        response = await orders.get("/api/me", auth=ALICE)
        assert response.json()["warehouse"] == warehouse


async def test_a_wrong_setting_is_the_error_of_a_pod(serve: Serve) -> None:
    with pytest.raises(ConfigError, match=r"server\.port"):
        await serve(create_app, {"server.port": "no-port"})


async def test_an_application_without_typed_settings_is_an_error(serve: Serve) -> None:
    with pytest.raises(TypeError, match=r"untyped needs a parameter live: LiveConfig\["):
        await serve(untyped)


def untyped(live: object) -> FastAPI:
    return FastAPI(title=str(live))


async def test_over_http_it_is_the_server_of_a_pod_and_its_port_is_free_afterwards() -> None:
    async with served(create_app, {"server.max-body-size": 10}, http=True) as orders:
        response = await orders.get("/api/me", auth=ALICE)
        too_large = await orders.post("/api/me", auth=ALICE, content=b"x" * 11)
    assert (response.status_code, too_large.status_code) == (200, 413)
    with pytest.raises(ConnectionRefusedError), socket.socket() as probe:
        probe.connect(("127.0.0.1", urlsplit(orders.url).port))


async def test_in_process_an_unhandled_exception_reaches_the_test(serve: Serve) -> None:
    broken = FastAPI()
    broken.get("/")(_broken)
    with pytest.raises(ZeroDivisionError):
        await (await serve(broken)).get("/")


async def _broken() -> float:
    return 1 / 0


async def test_the_management_port_is_served_too(serve: Serve) -> None:
    orders = await serve(create_app)
    paths = ("/livez", "/readyz", "/startupz", "/metrics")
    assert {(await orders.management.get(path)).status_code for path in paths} == {200}


@pytest.mark.parametrize(("path", "caller"), [("/api/relayed", "alice"), ("/api/own", "unit")])
async def test_it_calls_others_as_its_caller_and_as_itself(
    serve: Serve, path: str, caller: str
) -> None:
    stock = await serve(create_app, http=True)
    orders = await serve(create_app, services={"stock-service": stock.url})
    response = await orders.get(path, auth=ALICE)
    assert caller in response.json()


async def test_a_table_may_change_while_a_service_runs(serve: Serve, tmp_path: Path) -> None:
    table = DiscoveryTable(tmp_path / "table.json")
    orders = await serve(create_app, services=table)
    assert (await orders.get("/api/relayed", auth=ALICE)).status_code == 503
    table["stock-service"] = (await serve(create_app, http=True)).url
    assert (await orders.get("/api/relayed", auth=ALICE)).status_code == 200
    del table["stock-service"]
    assert dict(table) == {}


def test_a_table_takes_the_names_that_a_service_calls(tmp_path: Path) -> None:
    table = DiscoveryTable(tmp_path / "table.json", {"stock": "http://127.0.0.1:1"})
    table["orders.ns-app"] = table["orders.ns-app:8080"] = "127.0.0.1:2"
    assert dict(table) == {
        "stock.default:80": "127.0.0.1:1",
        "orders.ns-app:80": "127.0.0.1:2",
        "orders.ns-app:8080": "127.0.0.1:2",
    }
