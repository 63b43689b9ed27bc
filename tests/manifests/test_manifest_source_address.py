"""The trusted proxies behind an Ingress, a Gateway and a node port."""

import shutil
import subprocess
from pathlib import Path

import pytest

from chassis.config.sections import ForwardedSettings
from manifests.renderings import BASE, Rendering
from manifests.samples import VERSIONED
from manifests.suite_manifests import (
    TRUSTED_PROXIES,
    Manifest,
    Manifests,
    containers,
    render,
    title,
    write_overlay,
)
from sample_services import has
from suitectl.catalogue import services, token_service

VARIABLE = "SERVER__FORWARDED__TRUSTED_PROXIES"
TOKENS = token_service()
BEHIND = {
    way: {
        name
        for one in services().values()
        if one == TOKENS or has(one, way)
        for name in one.deployments.values()
    }
    for way in ("ingress", "gateway-api")
}
if has(VERSIONED, "gateway-canary"):
    BEHIND["gateway-canary"] = set(VERSIONED.deployments.values())


def trusted_proxies(manifests: Manifests) -> dict[str, list[str]]:
    """Return the proxies that each workload trusts."""
    return {
        workload["metadata"]["name"]: values
        for workload in manifests.workloads()
        if (values := [*_values(workload)])
    }


def _values(workload: Manifest) -> list[str]:
    variables = (one for each in containers(workload) for one in each.get("env", ()))
    return [one["value"] for one in variables if one["name"] == VARIABLE]


@pytest.mark.parametrize("component", BEHIND)
def test_a_component_behind_a_proxy_does_not_render_without_the_proxys_address(
    component: str, tmp_path: Path
) -> None:
    write_overlay(BASE, [component], tmp_path)
    kubectl = shutil.which("kubectl")
    assert kubectl
    command = [kubectl, "kustomize", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "trusted-proxies" in done.stderr


@pytest.mark.parametrize("component", BEHIND)
def test_workloads_trust_the_configured_proxy(component: str) -> None:
    found = trusted_proxies(Rendering(BASE, (component,)).render())
    assert found == {name: ["192.0.2.0/24"] for name in BEHIND[component]}


def test_ingress_and_gateway_together_set_the_proxies_once(everything: Manifests) -> None:
    assert {len(values) for values in trusted_proxies(everything).values()} == {1}


def test_the_config_map_of_the_proxies_is_not_rendered(everything: Manifests) -> None:
    assert not [m for m in everything.objects if title(m) == "ConfigMap/trusted-proxies"]


def test_an_unreplaced_placeholder_is_refused_by_the_service(tmp_path: Path) -> None:
    unset = {**TRUSTED_PROXIES, "literals": ["cidrs=replace-me"]}
    write_overlay(BASE, ["ingress"], tmp_path, configMapGenerator=[unset])
    values, *_ = trusted_proxies(render(tmp_path)).values()
    with pytest.raises(ValueError, match="invalid network"):
        ForwardedSettings.model_validate({"trusted_proxies": values[0]})


def test_without_a_proxy_no_address_is_trusted(base: Manifests) -> None:
    assert trusted_proxies(base) == {}


def test_the_component_source_address_preserves_the_client_address(base: Manifests) -> None:
    asked = Rendering(BASE, ("source-address",)).render()
    for manifests, policy in ((base, None), (asked, "Local")):
        for service in manifests.of("Service"):
            outside = service["spec"].get("type") == "NodePort"
            found = service["spec"].get("externalTrafficPolicy")
            assert found == (policy if outside else None), title(service)
