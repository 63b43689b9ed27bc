"""A localkube of a test's own, which ends with the test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.localkube.kit import IMAGES, SERVER, Localkube, processes_of


@pytest.fixture
def localkube(tmp_path: Path) -> Iterator[Localkube]:
    """Give a localkube that is not up yet; whatever a test started ends with it."""
    (tmp_path / "server.py").write_text(SERVER)
    images = IMAGES.format(python=sys.executable, server=tmp_path / "server.py")
    (tmp_path / "localkube.yaml").write_text(images)
    kube = Localkube(tmp_path)
    yield kube
    kube.run("down", "--grace-period", "1")
    assert processes_of(kube.state) == []
