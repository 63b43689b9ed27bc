"""`make check-images`: two builds of an image without cache are equal. Needs a Docker engine."""

import os
import shutil
from pathlib import Path

import pytest

from images.layers import differences, layers_of
from suitectl.images import BuildOptions, build
from suitectl.root import ROOT
from suitectl.shell import output

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(900)]
SERVICE = "cas-server"
"""The image with the most dependencies."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a copy of an image's sources with another path, time and owner."""
    for name in ("docker", "libs/chassis", "services"):
        shutil.copytree(ROOT / name, tmp_path / name, copy_function=shutil.copyfile)
    for name in ("constraints.txt", "constraints-dev.txt", ".dockerignore"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


async def test_a_second_build_has_the_same_layers(elsewhere: Path, tmp_path: Path) -> None:
    """Only times in the layer that removes pip from the base image may differ."""
    options = BuildOptions.of(os.environ)
    images = []
    for number, sources in enumerate((ROOT, elsewhere)):
        name = f"{SERVICE}:reproduced-{number}"
        await build(options, SERVICE, name, "--no-cache", sources=sources)
        images.append(layers_of(options.docker, name, tmp_path))
        await output((options.docker, "image", "rm", name), seconds=60)
    found = [differences(*layers) for layers in zip(*images, strict=True)]
    assert not any(found), found
    assert not any(layer.only_removes for layer in images[0][-2:])  # dependencies, packages
