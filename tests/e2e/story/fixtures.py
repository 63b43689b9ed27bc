"""The suite that all end-to-end tests share: one start a run."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from story.http import Http
from story.kubernetes import Kubernetes, deployed
from story.localkube import ROOT, running
from story.narrator import Narrator, console
from story.suite import Suite

OVERLAY = ROOT / "k8s/overlays/prod"


@pytest.fixture(scope="session")
async def suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Suite]:
    """Have the suite of PLATFORM: by default localkube's, on a state directory of its own."""
    tell = Narrator(console())
    if os.environ.get("PLATFORM") == "kubernetes":
        async with deployed(OVERLAY) as (cluster, sender):
            yield Suite(cluster, tell, sender)
        return
    state: Path = tmp_path_factory.mktemp("localkube")
    async with running(state) as platform, Http() as http:
        yield Suite(platform, tell, http)


@pytest.fixture
def cluster(suite: Suite) -> Kubernetes:
    """Return the platform of a suite that runs in a cluster."""
    assert isinstance(suite.platform, Kubernetes)
    return suite.platform
