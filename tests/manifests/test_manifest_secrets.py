"""The committed secrets are the demo identities, each mounted where it is used."""

from collections.abc import Mapping

import pytest

from cas_server.identities.demo_identities import DEMO_SECRETS
from manifests.checks.secrets import (
    config_map_findings,
    mount_findings,
    own_secret_findings,
    redis_findings,
)
from manifests.samples import API
from manifests.suite_manifests import Manifests

SECRET = f"Secret/{API.credentials}"


def test_the_services_own_secrets_are_the_demo_identities(base: Manifests) -> None:
    assert list(own_secret_findings(base, DEMO_SECRETS)) == []


@pytest.mark.parametrize(
    "data",
    [
        {"security.oauth2.client.client-secret": "another"},
        {"client-secret": f"{API.name}-123"},
        {"security.oauth2.client.client-secret": f"{API.name}-123", "more": "x"},
    ],
)
def test_any_other_secret_is_found(base: Manifests, data: Mapping[str, str]) -> None:
    changed = base.changed(SECRET, "stringData", data)
    assert len(list(own_secret_findings(changed, DEMO_SECRETS))) == 1


def test_every_config_map_and_secret_is_mounted(base: Manifests) -> None:
    assert list(mount_findings(base)) == []


def test_a_mount_without_a_source_and_an_unused_secret_are_found(base: Manifests) -> None:
    changed = base.changed(SECRET, "metadata.name", "other-secret")
    assert list(mount_findings(changed)) == [
        f"{SECRET}: mounted in {API.namespace}, not there",
        f"Secret/other-secret: mounted nowhere in {API.namespace}",
    ]


def test_no_config_map_contains_a_secret(base: Manifests) -> None:
    assert list(config_map_findings(base)) == []


def test_a_secret_in_a_config_map_is_found(base: Manifests) -> None:
    changed = base.changed(f"ConfigMap/{API.name}", "data", {"application.yaml": "password: x"})
    assert list(config_map_findings(changed)) == [
        f"ConfigMap/{API.name}: password: belongs in a Secret"
    ]


REDIS = "Deployment/redis-deployment"


def test_redis_admits_only_the_users_of_a_secret(base: Manifests) -> None:
    assert list(redis_findings(base)) == []


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        ("containers.0.args", ["--protected-mode", "no"], "--protected-mode in its arguments"),
        ("containers.0.args", ["--requirepass", "word"], "--requirepass in its arguments"),
        ("containers.0.args", ["--aclfile", "/data/users.acl"], "come from no Secret"),
        ("volumes.1", {"name": "users", "configMap": {"name": "x"}}, "come from no Secret"),
    ],
)
def test_a_redis_without_authentication_is_found(
    base: Manifests, path: str, value: object, finding: str
) -> None:
    changed = base.changed(REDIS, f"spec.template.spec.{path}", value)
    assert finding in "\n".join(redis_findings(changed))
