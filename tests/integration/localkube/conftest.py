"""A localkube per test, which ends with the test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.localkube.kit import IMAGES, SERVER, Localkube, deployment, processes_of


def prepared(directory: Path) -> Localkube:
    """Write the images of a localkube that is not up yet."""
    (directory / "server.py").write_text(SERVER)
    images = IMAGES.format(python=sys.executable, server=directory / "server.py")
    (directory / "localkube.yaml").write_text(images)
    return Localkube(directory)


@pytest.fixture
def localkube(tmp_path: Path) -> Iterator[Localkube]:
    """Provide a localkube that is not up yet. Everything a test starts in it ends with the test."""
    kube = prepared(tmp_path)
    yield kube
    kube.run("down", "--grace-period", "1")
    assert processes_of(kube.state) == []


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localkube]:
    """Provide a running localkube that the tests of a module only read."""
    kube = prepared(tmp_path_factory.mktemp("shared"))
    assert kube.up(deployment(replicas=0)).code == 0
    yield kube
    kube.run("down")
