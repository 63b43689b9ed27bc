"""A service in mode `kubernetes`, from its environment to the calls it makes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends

from chassis import (
    LiveConfig,
    ServiceClient,
    ServiceSettings,
    TokenRelay,
    create_app,
    service_client,
)
from chassis.app.management import ManagementApp
from chassis.config import ConfigSource
from chassis.discovery.kubernetes import api as api_module
from chassis.discovery.kubernetes import ejection
from chassis.testing import bearer, served
from eventually import PATIENCE_S
from integration.chassis_client.scripted import Scripted, http_response, scripted, silent
from integration.chassis_client.test_remote_tokens import YES
from kube_api import KubeApi, kube_api
from kube_objects import endpoint_slice, service

pytestmark = pytest.mark.anyio

SERVICE = {
    "CLIENT__TIMEOUT": f"{PATIENCE_S:g}s",
    "POD_NAMESPACE": "system-server",
    "DISCOVERY__MODE": "kubernetes",
    "SPRING__CLOUD__KUBERNETES__DISCOVERY__ALL_NAMESPACES": "true",
    "SECURITY__OAUTH2__CLIENT__CLIENT_ID": "order-service",
    "SECURITY__OAUTH2__CLIENT__CLIENT_SECRET": "order-service-123",
    "SECURITY__OAUTH2__RESOURCE__ID": "order-service",
    "SECURITY__OAUTH2__RESOURCE__TOKEN_INFO_URI": "http://cas-server-service/oauth/check_token",
}
POD = {"SPRING__CLOUD__KUBERNETES__LOADBALANCER__MODE": "POD"}

DiffNs = Annotated[ServiceClient, Depends(service_client("diff-ns", auth=TokenRelay()))]
router = APIRouter()


@router.get("/relayed")
async def relayed(diff_ns: DiffNs) -> str:
    return (await diff_ns.get("/api/detail")).text


@dataclass(frozen=True, slots=True)
class Service:
    """A running service with its API port and its management port."""

    api: httpx.AsyncClient
    management: httpx.AsyncClient

    async def relayed(self) -> httpx.Response:
        return await self.api.get("/relayed", headers=bearer("t0ken"))

    async def ready(self) -> httpx.Response:
        return await self.management.get("/readyz")


class World:
    """An API server, cas-server, two replicas of another service, and the one under test."""

    def __init__(self, stack: AsyncExitStack, api: KubeApi) -> None:
        self._stack = stack
        self.api = api

    async def replica(self, name: str) -> Scripted:
        """Start a replica that returns its name, and add an EndpointSlice for it."""
        pod = await self._stack.enter_async_context(scripted(http_response(200, name.encode())))
        port = [{"name": "http", "port": pod.address.port}]
        await self.api.put(
            "endpointslices", endpoint_slice("diff-ns", pod.address.host, name=name, ports=port)
        )
        return pod

    async def start(self, **environ: str) -> Service:
        """Start the service with this environment."""
        cas = await self._stack.enter_async_context(scripted(YES))
        port = [{"port": 80, "name": "http"}]
        # All Services share one address, so each is called at its own port.
        await self.api.put("services", service("diff-ns", ports=port))
        await self.api.put("services", service("cas-server-service", "system-server", ports=port))
        listening = [{"name": "http", "port": cas.address.port}]
        slice_ = endpoint_slice("cas-server-service", cas.address.host, ports=listening)
        slice_["metadata"]["namespace"] = "system-server"
        await self.api.put("endpointslices", slice_)
        source = ConfigSource(name="order-service", environ=SERVICE | self.api.environ | environ)
        live = LiveConfig.load(source, ServiceSettings)
        app = create_app(live, title="order-service", version="1", routers=[router])
        app.state.chassis.health.started = True
        management = ManagementApp(app.state.chassis)
        return Service(
            await self._stack.enter_async_context(served(app)),
            await self._stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(management), base_url="http://management"
                )
            ),
        )


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(api_module, "_MOUNT", tmp_path)
    async with AsyncExitStack() as stack:
        yield World(stack, await stack.enter_async_context(kube_api(tmp_path)))


async def test_short_names_work_across_namespaces_and_calls_alternate_between_pods(
    world: World,
) -> None:
    for name in ("one", "two"):
        await world.replica(name)
    running = await world.start(**POD)
    await world.api.watched(2)
    assert [(await running.relayed()).json() for _ in range(4)] == ["one", "two"] * 2


async def test_a_pod_that_is_added_later_gets_calls(world: World) -> None:
    await world.replica("one")
    running = await world.start(**POD)
    await world.api.watched(2)
    assert (await running.relayed()).json() == "one"
    await world.replica("two")
    async with asyncio.timeout(PATIENCE_S):
        while (await running.relayed()).json() != "two":
            pass


async def test_a_pod_that_accepts_no_connection_delays_only_one_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster needs most of a minute to notice a lost node, whose pods do not respond."""
    monkeypatch.setattr(ejection, "FIRST_S", 600.0)
    for name in ("one", "two"):
        await world.replica(name)
    with silent() as lost:
        port = [{"name": "http", "port": lost.port}]
        await world.api.put(
            "endpointslices", endpoint_slice("diff-ns", lost.host, name="lost", ports=port)
        )
        running = await world.start(**POD, CLIENT__CONNECT_TIMEOUT="1s")
        await world.api.watched(2)
        ports = _connected_ports(monkeypatch)
        for _ in range(12):
            assert (await running.relayed()).status_code == 200
    assert ports.count(lost.port) == 1


def _connected_ports(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that records the ports of new connections."""
    ports: list[int] = []
    connect = asyncio.BaseEventLoop.create_connection

    async def recorded(loop: Any, factory: Any, host: str, port: int, **options: Any) -> Any:
        ports.append(port)
        return await connect(loop, factory, host, port, **options)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", recorded)
    return ports


async def test_before_the_first_list_calls_are_503_and_the_replica_is_unready(
    world: World,
) -> None:
    await world.replica("one")
    await world.api.stop()
    running = await world.start(**POD)
    refused, unready = await running.relayed(), await running.ready()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert (unready.status_code, "discovery" in unready.text) == (503, True)
    await world.api.start()
    await world.api.watched(2)
    assert (await running.relayed()).json() == "one"


async def test_calls_and_readiness_survive_an_outage_of_the_api_server(world: World) -> None:
    await world.replica("one")
    running = await world.start(**POD)
    await world.api.watched(2)
    await world.api.stop()
    assert (await running.relayed()).json() == "one"
    assert (await running.ready()).status_code == 200
