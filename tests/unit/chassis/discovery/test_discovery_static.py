"""Discovery by a table, as localkube keeps it, and where the process says it runs."""

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
async def test_the_table_says_address_and_port(table: Path) -> None:
    assert await over(table).resolve("cas", 80) == Address("127.7.0.1", 8080)
    assert await over(table).resolve("cas.system-server", 2000) == Address("127.7.0.1", 2000)
    full = "cas.system-server.svc.cluster.local"
    assert await over(table).resolve(full, 2000) == Address("127.7.0.1", 2000)
    assert await over(table).resolve("detail", 80) == Address("127.7.0.2", 8080)


@pytest.mark.anyio
async def test_a_changed_table_counts_at_once(table: Path) -> None:
    discovery = over(table)
    await discovery.resolve("cas", 80)
    replaced = table.with_suffix(".new")
    replaced.write_text('{"cas.system-server:80": "127.7.0.9:80"}')
    replaced.rename(table)
    assert await discovery.resolve("cas", 80) == Address("127.7.0.9", 80)


@pytest.mark.anyio
@pytest.mark.parametrize("text", ["", "{", "[]", '{"cas.system-server:80": 1}', '{"a": "b:c"}'])
async def test_a_broken_table_leaves_the_one_before(table: Path, text: str) -> None:
    discovery = over(table)
    await discovery.resolve("cas", 80)
    overwrite(table, text)
    assert await discovery.resolve("cas", 80) == Address("127.7.0.1", 8080)


@pytest.mark.anyio
async def test_a_table_that_was_never_there_is_a_failure_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(LookupFailedError):
        await over(tmp_path / "missing.json").resolve("cas", 80)


def test_mode_static_without_a_table_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match=r"discovery\.table"):
        create_discovery(DiscoverySettings(mode="static"), ENVIRON)


def test_the_namespace_is_the_downward_apis_word_else_the_service_accounts(tmp_path: Path) -> None:
    file = tmp_path / "namespace"
    assert own_namespace(ENVIRON, file=file) == "system-server"
    assert own_namespace({}, file=file) == "default"
    file.write_text("ns-app\n")
    assert own_namespace({}, file=file) == "ns-app"


def test_the_clusters_domain_stands_in_the_search_line(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    assert cluster_domain(file=file) is None
    file.write_text("nameserver 10.0.0.10\nsearch ns-app.svc.k8s.example svc.k8s.example x.y\n")
    assert cluster_domain(file=file) == "k8s.example"
    file.write_text("nameserver 10.0.0.10\nsearch example.com\n")
    assert cluster_domain(file=file) is None
