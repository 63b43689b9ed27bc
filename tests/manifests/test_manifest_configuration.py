"""Every service starts with its committed configuration."""

import json
import re
from pathlib import Path

import pytest

from cas_server.passwords.hashing import hash_generated
from cas_server.settings import CasSettings
from chassis.config import ConfigError
from manifests.checks.configuration import (
    name_findings,
    port_findings,
    settings_findings,
    settings_of,
)
from manifests.samples import API, NAMES, needs_chassis
from manifests.suite_manifests import K8S, Manifests
from sample_services import REMOVED
from service_apps import settings_type
from suitectl.catalogue import on_chassis, token_service

REST = f"ConfigMap/{API.name}"
TOKENS = token_service()
APIS = [one for one in on_chassis().values() if one.is_api]
REQUIRED = [
    (one.name, key)
    for one in APIS
    for key, field in settings_type(one.name).model_fields.items()
    if field.is_required()
]
"""The sections that a service does not start without."""


def edited(base: Manifests, target: str, old: str, new: str) -> Manifests:
    """Edit the application.yaml of a ConfigMap, which must contain the old text."""
    config_map = base.get(*target.split("/"))
    assert config_map is not None
    text = config_map["data"]["application.yaml"]
    assert old in text
    return base.changed(target, "data", {"application.yaml": text.replace(old, new)})


def test_every_service_loads_its_configuration_under_each_profile(
    base: Manifests, tmp_path: Path
) -> None:
    assert list(settings_findings(base, tmp_path)) == []


@pytest.mark.parametrize("service", NAMES)
def test_a_misspelled_key_is_found(base: Manifests, tmp_path: Path, service: str) -> None:
    changed = edited(base, f"ConfigMap/{service}", "server:\n", "client:\n  timeot: 1s\nserver:\n")
    findings = list(settings_findings(changed, tmp_path))
    assert len(findings) == 3
    assert all("client.timeot" in finding for finding in findings)


@needs_chassis
def test_an_unresolved_placeholder_is_found(base: Manifests, tmp_path: Path) -> None:
    nameless = edited(base, REST, f"cas-server-url: http://{TOKENS.service}\n", "")
    assert "cas-server-url" in "\n".join(settings_findings(nameless, tmp_path))


@pytest.mark.parametrize(("service", "key"), REQUIRED)
def test_a_missing_value_is_found(base: Manifests, tmp_path: Path, service: str, key: str) -> None:
    changed = edited(base, f"ConfigMap/{service}", f"{key}:\n", "other:\n")
    assert key in "\n".join(settings_findings(changed, tmp_path))


@pytest.mark.parametrize("service", NAMES)
def test_prod_refuses_the_demo_identities(base: Manifests, tmp_path: Path, service: str) -> None:
    with pytest.raises(ConfigError, match="demo secret"):
        settings_of(base, service, ["prod"], tmp_path)


@pytest.mark.parametrize("service", [one.name for one in APIS])
def test_prod_accepts_a_generated_secret(base: Manifests, tmp_path: Path, service: str) -> None:
    generated = {"security.oauth2.client.client-secret": "generated-for-this-test"}
    secret = on_chassis()[service].credentials
    changed = base.changed(f"Secret/{secret}", "stringData", generated)
    settings = settings_of(changed, service, ["prod"], tmp_path)
    used = settings.security.oauth2.client.client_secret
    assert used
    assert used.get_secret_value() == "generated-for-this-test"


def test_prod_uses_the_primary_that_the_sentinels_name(prod: Manifests, tmp_path: Path) -> None:
    _generated(tmp_path / "Secret" / "cas-server-identities")
    settings = settings_of(prod, "cas-server", ["kubernetes", "prod"], tmp_path)
    redis = settings.spring.redis
    assert redis.sentinel.master == "suite"
    assert isinstance(settings, CasSettings)
    assert settings.durability.wait_replicas == 1
    for node in redis.sentinel.nodes:
        name, port = node.split(":")
        service = prod.get("Service", name, "system-server")
        assert service is not None, f"no Service {name}"
        assert [p["port"] for p in service["spec"]["ports"]] == [int(port)]


def _generated(mount: Path) -> None:
    """Write the Secrets that `make secrets` generates, which `overlays/prod` does not contain."""
    mount.mkdir(parents=True)
    (mount / "record-keys").write_text("k" * 43)
    client = {"client-secret": hash_generated("s" * 43), "resource-ids": "orders"}
    (mount / "identities.yaml").write_text(json.dumps({"clients": {"orders": client}}))


def test_the_scripts_name_the_services_of_their_pods(prod: Manifests) -> None:
    """`NODES` and `SENTINELS` of lib.sh, in the order of the pods."""
    text = (K8S / "components/redis-sentinel/lib.sh").read_text()
    for variable, app in (("NODES", "redis"), ("SENTINELS", "redis-sentinel")):
        listed = re.search(rf": \"\${{{variable}:=(.*)}}\"", text)
        assert listed is not None
        for number, name in enumerate(listed.group(1).split()):
            service = prod.get("Service", name, "system-server")
            assert service is not None, f"no Service {name}"
            assert service["spec"]["selector"] == {
                "app": app,
                "apps.kubernetes.io/pod-index": str(number),
            }


def test_every_service_listens_on_the_ports_of_its_manifest(
    base: Manifests, tmp_path: Path
) -> None:
    assert list(port_findings(base, tmp_path)) == []


@needs_chassis
def test_another_port_is_found(base: Manifests, tmp_path: Path) -> None:
    changed = edited(base, REST, f"port: {API.port}", "port: 2999")
    finding = f"{REST}: server.port 2999, not {API.port}"
    assert set(port_findings(changed, tmp_path)) == {finding}


def test_every_name_in_the_configuration_is_a_service(base: Manifests, tmp_path: Path) -> None:
    """A caller of a removed service still names it."""
    found = name_findings(base, tmp_path)
    assert [one for one in found if not any(f" {name}-service:" in one for name in REMOVED)] == []


WRONG = [
    *((api.name, (f"//{TOKENS.service}", "//cas"), "no Service cas:80") for api in APIS),
    *((api.name, (TOKENS.service, f"{TOKENS.service}:81"), f"{TOKENS.service}:81") for api in APIS),
    *(
        (
            api.name,
            (f"[{TOKENS.namespace}]", "[]"),
            f"no Service {TOKENS.service}:80 in {api.namespace}",
        )
        for api in APIS
        if api.settings.get("discovery", {}).get("namespaces") == [TOKENS.namespace]
    ),
    (TOKENS.name, ("host: redis", "host: valkey"), "no Service valkey:6379"),
]


@pytest.mark.parametrize(("service", "edit", "finding"), WRONG)
def test_a_name_without_a_service_is_found(
    base: Manifests, tmp_path: Path, service: str, edit: tuple[str, str], finding: str
) -> None:
    changed = edited(base, f"ConfigMap/{service}", *edit)
    assert finding in "\n".join(name_findings(changed, tmp_path))
