"""The management port."""

import asyncio
from pathlib import Path

import httpx
import pytest

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.app.health import Health
from chassis.app.management import ManagementApp
from chassis.app.state import Chassis
from chassis.config import ConfigSource
from kubelet import ConfigMapVolume

pytestmark = pytest.mark.anyio


def chassis(**checks: object) -> Chassis:
    live = LiveConfig.fixed(ServiceSettings(), profiles=("kubernetes", "dev"))
    app = create_app(live, title="sample", version="1.2.3", ready_checks=checks)  # type: ignore[arg-type]  # checks of the test
    parts: Chassis = app.state.chassis
    parts.health.started = True
    return parts


def client(parts: Chassis) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(ManagementApp(parts)), base_url="http://management"
    )


async def fine() -> None:
    """Hold."""


async def broken() -> None:
    raise RuntimeError("redis://:a-password@redis")


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_all_probes_hold_where_all_is_well() -> None:
    async with client(chassis(store=fine)) as http:
        codes = [(await http.get(p)).status_code for p in ("/livez", "/readyz", "/startupz")]

    assert codes == [200, 200, 200]


async def test_a_path_with_a_control_character_is_400() -> None:
    async with client(chassis()) as http:
        response = await http.get("/livez%0a")

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_a_failing_check_makes_unready_and_leaves_alive() -> None:
    async with client(chassis(store=broken)) as http:
        ready, live = await http.get("/readyz"), await http.get("/livez")

    assert (ready.status_code, live.status_code) == (503, 200)
    assert ready.json()["error"] == "temporarily_unavailable"
    assert "store" in ready.json()["error_description"]
    assert "password" not in ready.text


@pytest.mark.bound("ready-check")
async def test_a_check_that_hangs_counts_as_failed() -> None:
    async with client(chassis(store=hanging)) as http:
        assert (await http.get("/readyz")).status_code == 503


async def test_before_the_start_is_done_only_alive_holds() -> None:
    parts = chassis()
    parts.health.started = False
    async with client(parts) as http:
        codes = [(await http.get(p)).status_code for p in ("/livez", "/readyz", "/startupz")]

    assert codes == [200, 503, 503]


@pytest.mark.bound("ready-check-rate")
async def test_checks_are_asked_once_a_second_however_often_probes_come() -> None:
    asked = []

    async def counted() -> None:
        asked.append(1)

    health = Health({"store": counted})
    health.started = True
    await asyncio.gather(*(health.unready() for _ in range(20)))

    assert len(asked) == 1


@pytest.mark.bound("ready-patience")
async def test_an_outage_as_long_as_a_failover_leaves_every_replica_in_its_service() -> None:
    now, there = 100.0, True

    async def store() -> None:
        if not there:
            raise ConnectionError

    health = Health({"store": store}, clock=lambda: now)
    health.started = True
    assert not await health.unready()
    there = False
    now += 4
    assert not await health.unready(), "all replicas miss it; their 503 says more than none of them"
    now += 2
    assert await health.unready() == {"store": "ConnectionError"}
    there = True
    now += 2
    assert not await health.unready()


async def test_metrics_name_what_the_documentation_promises() -> None:
    async with client(chassis()) as http:
        text = (await http.get("/metrics")).text

    for name in ("config_last_reload_successful", "process_resident_memory_bytes"):
        assert f"\n{name}" in text


async def test_info_tells_version_profiles_and_configuration() -> None:
    async with client(chassis()) as http:
        info = (await http.get("/info")).json()

    assert info["name"] == "sample"
    assert info["version"] == "1.2.3"
    assert info["profiles"] == ["kubernetes", "dev"]
    assert info["config"]["hash"]
    assert info["ignored"] == []


async def test_info_names_settings_without_effect_and_never_their_values() -> None:
    source = ConfigSource("sample", arguments={"spring.datasource.password": "hunter22"})
    live = LiveConfig.load(source, ServiceSettings)
    parts = create_app(live, title="sample", version="1").state.chassis
    async with client(parts) as http:
        answer = await http.get("/info")

    assert answer.json()["ignored"] == ["spring.datasource.password"]
    assert "hunter22" not in answer.text


async def test_info_tells_why_a_reload_was_refused_and_what_nobody_reads(tmp_path: Path) -> None:
    environ = {"SPRING_APPLICATION_JSON": "hunter22", "PROFILES_ACTIVE": "dev"}
    volume = ConfigMapVolume(tmp_path / "v", {"application.yaml": "spring.profiles.active: test"})
    places = {"CONFIG_DIR": str(volume.path), "SECRETS_DIR": str(tmp_path / "none")}
    live = LiveConfig.load(
        ConfigSource.from_process("sample", [], environ | places), ServiceSettings
    )
    parts = create_app(live, title="sample", version="1").state.chassis
    volume.update({"application.yaml": "server:\n  port: hunter22"})
    await live.look()
    async with client(parts) as http:
        answer = await http.get("/info")

    info = answer.json()
    assert info["reload"] == {
        "successful": False,
        "pendingHash": live.status.pending_hash,
        "reason": "invalid",
        "file": "application.yaml",
        "line": 2,
        "key": "server.port",
    }
    assert info["unread"] == ["environment variable SPRING_APPLICATION_JSON"]
    assert info["profileSources"] == [
        {"source": "environment variable PROFILES_ACTIVE", "profiles": ["dev"]},
        {"source": "application.yaml:1", "profiles": ["test"]},
    ]
    assert "hunter22" not in answer.text


async def test_info_shows_no_name_that_comes_from_a_secret(tmp_path: Path) -> None:
    (tmp_path / "spring.application.name").write_text("hunter22")
    live = LiveConfig.load(ConfigSource("sample", secrets_dir=tmp_path), ServiceSettings)
    parts = create_app(live, title="sample", version="1").state.chassis
    async with client(parts) as http:
        answer = await http.get("/info")

    assert answer.json()["name"] == "sample"
    assert "hunter22" not in answer.text


async def test_anything_else_is_404_with_an_error() -> None:
    async with client(chassis()) as http:
        answer = await http.get("/env")

    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_probes_are_only_read() -> None:
    async with client(chassis()) as http:
        answer = await http.post("/livez")

    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"
