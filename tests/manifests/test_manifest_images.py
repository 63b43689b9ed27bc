"""localkube can start every image of the manifests."""

from functools import partial

import pytest
import yaml

from manifests.checks import images
from manifests.samples import API, DEPLOYMENT
from manifests.suite_manifests import K8S, Manifests
from service_apps import programs

REST = DEPLOYMENT
CONTAINER = "spec.template.spec.containers.0"


SERVICES = programs(K8S.parent)
image_findings = partial(images.image_findings, services=SERVICES)


@pytest.fixture(scope="module")
def commands() -> set[str]:
    return set(yaml.safe_load((K8S / "localkube.yaml").read_text())["images"])


def test_every_image_has_its_command_and_every_command_its_image(
    base: Manifests, commands: set[str]
) -> None:
    assert list(image_findings(base, commands)) == []


def test_registry_tag_and_digest_of_an_image_do_not_matter(
    base: Manifests, commands: set[str]
) -> None:
    image = f"registry.example:5000/team/{API.name}:1.2@sha256:{'0' * 64}"
    changed = base.changed(REST, f"{CONTAINER}.image", image)
    assert list(image_findings(changed, commands)) == []


def test_an_image_without_a_command_and_vice_versa_are_found(
    base: Manifests, commands: set[str]
) -> None:
    changed = base
    for name in API.deployments.values():
        changed = changed.changed(f"Deployment/{name}", f"{CONTAINER}.image", "nginx:1")
    assert list(image_findings(changed, commands)) == [
        *(f"Deployment/{name}: no command for image nginx" for name in API.deployments.values()),
        f"services/{API.name}: no pod uses its image",
    ]


def test_a_replaced_entrypoint_is_found(base: Manifests, commands: set[str]) -> None:
    by_args = base.changed(REST, f"{CONTAINER}.args", [API.name])
    assert list(image_findings(by_args, commands)) == [f"{REST}: args do not start with a flag"]
    by_command = base.changed(REST, f"{CONTAINER}.command", ["sh"])
    assert list(image_findings(by_command, commands)) == [f"{REST}: replaces the image's command"]
