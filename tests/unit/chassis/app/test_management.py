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
from chassis.testing import ConfigDirectory

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
    """Pass."""


async def broken() -> None:
    raise RuntimeError("redis://:a-password@redis")


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_all_probes_pass_when_every_check_passes() -> None:
    async with client(chassis(store=fine)) as http:
        codes = [(await http.get(p)).status_code for p in ("/livez", "/readyz", "/startupz")]

    assert codes == [200, 200, 200]


async def test_a_path_with_a_control_character_is_400() -> None:
    async with client(chassis()) as http:
        response = await http.get("/livez%0a")

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_a_failing_check_makes_the_service_unready_and_leaves_it_alive() -> None:
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


async def test_only_the_liveness_probe_passes_before_the_start_is_complete() -> None:
    parts = chassis()
    parts.health.started = False
    async with client(parts) as http:
        codes = [(await http.get(p)).status_code for p in ("/livez", "/readyz", "/startupz")]

    assert codes == [200, 503, 503]


@pytest.mark.bound("ready-check-rate")
async def test_checks_run_once_a_second_however_often_probes_come() -> None:
    asked = []

    async def counted() -> None:
        asked.append(1)

    health = Health({"store": counted})
    health.started = True
    await asyncio.gather(*(health.unready() for _ in range(20)))

    assert len(asked) == 1


@pytest.mark.bound("ready-patience")
async def test_readiness_survives_an_outage_as_long_as_a_failover() -> None:
    now, there = 100.0, True

    async def store() -> None:
        if not there:
            raise ConnectionError

    health = Health({"store": store}, clock=lambda: now)
    health.started = True
    assert not await health.unready()
    there = False
    now += 4
    assert not await health.unready(), (
        "all replicas miss the store; a 503 of theirs tells clients more than an empty Service"
    )
    now += 2
    assert await health.unready() == {"store": "ConnectionError"}
    there = True
    now += 2
    assert not await health.unready()


async def test_metrics_has_every_documented_metric() -> None:
    async with client(chassis()) as http:
        text = (await http.get("/metrics")).text

    for name in ("config_last_reload_successful", "process_resident_memory_bytes"):
        assert f"\n{name}" in text


async def test_info_shows_version_profiles_and_configuration() -> None:
    async with client(chassis()) as http:
        info = (await http.get("/info")).json()

    assert info["name"] == "sample"
    assert info["version"] == "1.2.3"
    assert info["profiles"] == ["kubernetes", "dev"]
    assert info["config"]["hash"]
    assert info["ignored"] == []


async def test_info_lists_ignored_settings_without_their_values() -> None:
    source = ConfigSource("sample", arguments={"spring.datasource.password": "hunter22"})
    live = LiveConfig.load(source, ServiceSettings)
    parts = create_app(live, title="sample", version="1").state.chassis
    async with client(parts) as http:
        response = await http.get("/info")

    assert response.json()["ignored"] == ["spring.datasource.password"]
    assert "hunter22" not in response.text


async def test_info_shows_the_reason_of_a_refused_reload_and_unread_sources(tmp_path: Path) -> None:
    environ = {"SPRING_APPLICATION_JSON": "hunter22", "PROFILES_ACTIVE": "dev"}
    volume = ConfigDirectory(tmp_path / "v", {"application.yaml": "spring.profiles.active: test"})
    places = {"CONFIG_DIR": str(volume.path), "SECRETS_DIR": str(tmp_path / "none")}
    live = LiveConfig.load(
        ConfigSource.from_process("sample", [], environ | places), ServiceSettings
    )
    parts = create_app(live, title="sample", version="1").state.chassis
    volume.swap({"application.yaml": "server:\n  port: hunter22"})
    await live.reload_if_changed()
    async with client(parts) as http:
        response = await http.get("/info")

    info = response.json()
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
    assert "hunter22" not in response.text


async def test_info_hides_names_that_come_from_a_secret(tmp_path: Path) -> None:
    (tmp_path / "spring.application.name").write_text("hunter22")
    live = LiveConfig.load(ConfigSource("sample", secrets_dir=tmp_path), ServiceSettings)
    parts = create_app(live, title="sample", version="1").state.chassis
    async with client(parts) as http:
        response = await http.get("/info")

    assert response.json()["name"] == "sample"
    assert "hunter22" not in response.text


async def test_any_other_path_is_404_with_an_error_body() -> None:
    async with client(chassis()) as http:
        response = await http.get("/env")

    assert (response.status_code, response.json()["error"]) == (404, "not_found")


async def test_probes_accept_only_get_and_head() -> None:
    async with client(chassis()) as http:
        response = await http.post("/livez")

    assert (response.status_code, response.json()["error"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD"
