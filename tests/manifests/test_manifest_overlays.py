"""The rules of the base also hold for every overlay, and for the base with each component."""

import pytest

from manifests.checks.hardening import hardening_findings, service_account_findings
from manifests.checks.pod_security import namespace_findings, restricted_findings
from manifests.checks.schema import SUPPORTED, schema_findings
from manifests.checks.secrets import lost_mount_findings
from manifests.checks.selectors import (
    deployment_selector_findings,
    disruption_budget_findings,
    service_findings,
)
from manifests.samples import API, DEPLOYMENT, VERSIONED
from manifests.suite_manifests import (
    K8S,
    Manifests,
    load,
    pod_labels,
    pod_spec,
    render,
    selected,
    title,
)
from sample_services import needs_versions
from suitectl.deploy import CLUSTER_WIDE, PART_OF, namespaces


@pytest.mark.parametrize("version", [SUPPORTED[0], SUPPORTED[-1]])
def test_every_rendered_object_is_valid(rendered: Manifests, version: str) -> None:
    assert list(schema_findings(rendered, version)) == []


def test_every_rendered_pod_is_restricted(rendered: Manifests) -> None:
    assert list(restricted_findings(rendered)) == []
    assert list(namespace_findings(rendered)) == []


def test_selectors_and_ports_match_in_every_rendering(rendered: Manifests) -> None:
    assert list(deployment_selector_findings(rendered)) == []
    assert list(service_findings(rendered)) == []


def test_every_rendering_mounts_what_the_base_mounts(base: Manifests, rendered: Manifests) -> None:
    assert list(lost_mount_findings(base, rendered)) == []


def test_a_lost_mount_is_found(base: Manifests) -> None:
    changed = base.changed(DEPLOYMENT, "spec.template.spec.volumes", [])
    assert f"Secret/{API.credentials} is mounted by the base alone" in "\n".join(
        lost_mount_findings(base, changed)
    )


def test_undeploy_deletes_every_cluster_wide_object(rendered: Manifests) -> None:
    outside = [manifest for manifest in rendered.objects if "namespace" not in manifest["metadata"]]
    for manifest in outside:
        if manifest["kind"] == "Namespace":
            assert manifest["metadata"]["name"] in namespaces()
            continue
        assert manifest["kind"].lower() in CLUSTER_WIDE
        key, _, value = PART_OF.partition("=")
        assert manifest["metadata"]["labels"].get(key) == value, title(manifest)


def test_production_is_hardened_like_the_base(prod: Manifests) -> None:
    assert list(hardening_findings(prod)) == []
    assert list(service_account_findings(prod)) == []
    assert list(disruption_budget_findings(prod)) == []


def test_production_has_no_demo_identity_and_no_dev_profile(prod: Manifests) -> None:
    assert list(prod.of("Secret")) == []
    profiles = {
        variable["value"]
        for deployment in prod.of("Deployment")
        for variable in pod_spec(deployment)["containers"][0].get("env", [])
        if variable["name"] == "PROFILES_ACTIVE"
    }
    assert profiles == {"prod"}


@needs_versions
@pytest.mark.parametrize(
    ("name", "live", "preview"),
    [
        ("base", {"v1"}, "v2"),
        ("prod", {"v1"}, "v2"),
        ("canary", {"v1", "v2"}, "v2"),
        ("blue-green", {"v2"}, "v1"),
    ],
)
def test_a_release_starts_at_v1_and_each_overlay_is_a_step_of_it(
    name: str, live: set[str], preview: str
) -> None:
    manifests = load(K8S / "base") if name == "base" else render(K8S / "overlays" / name)
    assert _versions(manifests, VERSIONED.service) == live
    assert _versions(manifests, VERSIONED.preview) == {preview}


def _versions(manifests: Manifests, service: str) -> set[str]:
    """Return the versions that a Service selects."""
    found = manifests.get("Service", service, VERSIONED.namespace)
    assert found is not None
    owned = selected(manifests, VERSIONED.namespace, found["spec"]["selector"])
    return {pod_labels(deployment)["version"] for deployment in owned}
