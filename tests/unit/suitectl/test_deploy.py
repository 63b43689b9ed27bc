"""A deployment is an overlay with the built images, and Secrets exist before pods."""

from argparse import Namespace
from pathlib import Path

import pytest

from suitectl.arguments import platform_of
from suitectl.catalogue import apis
from suitectl.deploy import render
from suitectl.errors import CommandFailedError
from suitectl.images import BuildOptions
from suitectl.platform.kubernetes import Kubernetes
from suitectl.root import ROOT

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "full", ["127.0.0.1:5000/team/cas-server:1.2", "cas-server:abc", "registry/cas-server"]
)
async def test_the_images_of_an_overlay_are_the_ones_that_were_built(full: str) -> None:
    documents = await render(ROOT / "k8s/base", {"cas-server": full}, Kubernetes())
    images = {
        container["image"]
        for document in documents
        if document["kind"] == "Deployment"
        for container in document["spec"]["template"]["spec"]["containers"]
    }
    others = {f"{service.name}:dev" for service in apis()}
    expected = full if ":" in full.rpartition("/")[2] else f"{full}:latest"
    assert images == {*others, expected, "redis:7.4"}


async def test_a_folder_without_an_overlay_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match=r"no kustomization\.yaml there"):
        await render(tmp_path, {}, Kubernetes())


def test_an_unknown_platform_is_refused_in_one_line() -> None:
    with pytest.raises(CommandFailedError, match="PLATFORM=mars: no such platform"):
        platform_of(Namespace(platform="mars"))


def test_build_options_come_from_the_environment() -> None:
    options = BuildOptions.of({"DOCKER_OPTIONS": "--network host", "REGISTRY": "localhost:5000/"})
    assert options.docker_options == ("--network", "host")
    assert options.registry == "localhost:5000"
    assert options.load is None
