"""Mode `kubernetes`: the effect of the settings and of the pod's environment."""

from pathlib import Path

import pytest

from chassis.config import ConfigError
from chassis.config.sections import DiscoverySettings
from chassis.config.settings import ServiceSettings
from chassis.config.snapshot import waiting_for_restart
from chassis.config.spring import SpringKubernetesSettings
from chassis.discovery import create_discovery
from chassis.discovery.dns import DnsDirectory
from chassis.discovery.kubernetes import ApiServer, KubernetesDirectory
from chassis.discovery.kubernetes import api as api_module
from chassis.discovery.named import NamedDiscovery

ENVIRON = {"POD_NAMESPACE": "system-server", "KUBERNETES_SERVICE_HOST": "10.96.0.1"}
MODE = DiscoverySettings(mode="kubernetes", namespaces=("ns-app",))


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(api_module, "_MOUNT", tmp_path)
    for name in ("token", "ca.crt"):
        (tmp_path / name).write_text("x")
    return tmp_path


def discovery(**discovery: object) -> NamedDiscovery:
    kubernetes = SpringKubernetesSettings(discovery=discovery)
    return create_discovery(MODE, ENVIRON, kubernetes=kubernetes)


def followed(made: NamedDiscovery) -> list[str | None]:
    assert isinstance(made.directory, KubernetesDirectory)
    return list(made.directory._reflectors)


@pytest.mark.usefixtures("mount")
def test_the_callers_and_the_configured_namespaces_are_followed() -> None:
    made = discovery(namespaces="ns-app,ns-other")
    assert followed(made) == ["system-server", "ns-app", "ns-other"]
    assert made.namespaces == ("ns-app", "ns-app", "ns-other")


@pytest.mark.usefixtures("mount")
def test_all_namespaces_are_followed_together() -> None:
    assert followed(discovery(all_namespaces=True)) == [None]


@pytest.mark.parametrize(
    ("host", "url"),
    [("10.96.0.1", "https://10.96.0.1:6443"), ("fd00::1", "https://[fd00::1]:6443")],
)
def test_the_address_of_the_api_server_comes_from_the_pods_environment(
    mount: Path, host: str, url: str
) -> None:
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "6443"}
    assert ApiServer.of_pod(environ) == ApiServer(url, mount)


def test_the_error_outside_a_cluster_says_in_one_line_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"discovery\.mode: kubernetes needs a cluster.*dns"):
        create_discovery(MODE, {}, kubernetes=SpringKubernetesSettings())


@pytest.mark.parametrize("missing", ["token", "ca.crt"])
def test_the_error_without_a_mounted_token_says_in_one_line_what_to_do(
    mount: Path, missing: str
) -> None:
    (mount / missing).unlink()
    with pytest.raises(ConfigError, match="automountServiceAccountToken: true"):
        discovery()


def test_a_store_is_looked_up_by_dns_in_mode_kubernetes() -> None:
    assert isinstance(create_discovery(MODE, {}).directory, DnsDirectory)


@pytest.mark.parametrize(
    "changed",
    [
        {"discovery": {"all_namespaces": True}},
        {"loadbalancer": {"mode": "POD"}},
        {"ribbon": {"mode": "POD"}},
    ],
)
def test_a_change_of_the_followed_namespaces_needs_a_restart(
    changed: dict[str, dict[str, object]],
) -> None:
    now = ServiceSettings(spring={"cloud": {"kubernetes": changed}})
    (section,) = changed
    assert list(waiting_for_restart(ServiceSettings(), now)) == [
        f"spring.cloud.kubernetes.{section}"
    ]
