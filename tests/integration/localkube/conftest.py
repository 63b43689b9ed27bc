"""A localkube of a test's own, which ends with the test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.localkube.kit import IMAGES, SERVER, Localkube, deployment, processes_of


def _prepared(directory: Path) -> Localkube:
    (directory / "server.py").write_text(SERVER)
    images = IMAGES.format(python=sys.executable, server=directory / "server.py")
    (directory / "localkube.yaml").write_text(images)
    return Localkube(directory)


@pytest.fixture
def localkube(tmp_path: Path) -> Iterator[Localkube]:
    """Give a localkube that is not up yet; whatever a test started ends with it."""
    kube = _prepared(tmp_path)
    yield kube
    kube.run("down", "--grace-period", "1")
    assert processes_of(kube.state) == []


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localkube]:
    """Give a running localkube that a module's tests only look at."""
    kube = _prepared(tmp_path_factory.mktemp("shared"))
    assert kube.up(deployment(replicas=0)).code == 0
    yield kube
    kube.run("down")
