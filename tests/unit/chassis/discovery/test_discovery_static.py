"""Discovery by the table that localkube writes, and the process's namespace and domain."""

import json
from pathlib import Path

import pytest

from chassis.config import ConfigError
from chassis.config.sections import DiscoverySettings
from chassis.discovery import Address, Discovery, LookupFailedError, create_discovery
from chassis.discovery.factory import cluster_domain, own_namespace

ENVIRON = {"POD_NAMESPACE": "system-server"}


def over(table: Path) -> Discovery:
    settings = DiscoverySettings(mode="static", namespaces=("ns-app",), table=str(table))
    return create_discovery(settings, ENVIRON)


def overwrite(table: Path, text: str) -> None:
    table.write_text(text)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.json"
    entries = {
        "cas.system-server:80": "127.7.0.1:8080",
        "cas.system-server:2000": "127.7.0.1:2000",
        "detail.ns-app:80": "127.7.0.2:8080",
    }
    path.write_text(json.dumps(entries))
    return path


@pytest.mark.anyio
async def test_the_table_gives_address_and_port(table: Path) -> None:
    assert await over(table).resolve("cas", 80) == Address("127.7.0.1", 8080)
    assert await over(table).resolve("cas.system-server", 2000) == Address("127.7.0.1", 2000)
    full = "cas.system-server.svc.cluster.local"
    assert await over(table).resolve(full, 2000) == Address("127.7.0.1", 2000)
    assert await over(table).resolve("detail", 80) == Address("127.7.0.2", 8080)


@pytest.mark.anyio
async def test_a_changed_table_applies_immediately(table: Path) -> None:
    discovery = over(table)
    await discovery.resolve("cas", 80)
    replaced = table.with_suffix(".new")
    replaced.write_text('{"cas.system-server:80": "127.7.0.9:80"}')
    replaced.rename(table)
    assert await discovery.resolve("cas", 80) == Address("127.7.0.9", 80)


@pytest.mark.anyio
@pytest.mark.parametrize("text", ["", "{", "[]", '{"cas.system-server:80": 1}', '{"a": "b:c"}'])
async def test_an_invalid_table_leaves_the_previous_one_active(table: Path, text: str) -> None:
    discovery = over(table)
    await discovery.resolve("cas", 80)
    overwrite(table, text)
    assert await discovery.resolve("cas", 80) == Address("127.7.0.1", 8080)


@pytest.mark.anyio
async def test_a_missing_table_is_an_error_and_not_an_empty_table(tmp_path: Path) -> None:
    with pytest.raises(LookupFailedError):
        await over(tmp_path / "missing.json").resolve("cas", 80)


def test_mode_static_without_a_table_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match=r"discovery\.table"):
        create_discovery(DiscoverySettings(mode="static"), ENVIRON)


def test_the_namespace_comes_from_the_downward_api_or_else_the_service_account(
    tmp_path: Path,
) -> None:
    file = tmp_path / "namespace"
    assert own_namespace(ENVIRON, file=file) == "system-server"
    assert own_namespace({}, file=file) == "default"
    file.write_text("ns-app\n")
    assert own_namespace({}, file=file) == "ns-app"


def test_the_cluster_domain_is_read_from_the_search_line(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    assert cluster_domain(file=file) is None
    file.write_text("nameserver 10.0.0.10\nsearch ns-app.svc.k8s.example svc.k8s.example x.y\n")
    assert cluster_domain(file=file) == "k8s.example"
    file.write_text("nameserver 10.0.0.10\nsearch example.com\n")
    assert cluster_domain(file=file) is None
