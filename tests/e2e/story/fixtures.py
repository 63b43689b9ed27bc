"""The suite that all end-to-end tests share: one start a run."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from story.deployed import deployed
from story.scenarios.report import Row, drawn, keep
from suitectl.platform.http import Http
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.localkube import running
from suitectl.reporter import Reporter
from suitectl.root import ROOT
from suitectl.story.suite import Suite
from suitectl.terminal import console

OVERLAY = ROOT / "k8s/overlays/prod"
WHOLE_TABLE = os.environ.get("SCENARIOS") == "all"
HURRIED = ROOT / "tests/e2e/overlay"
"""The same, where a cluster decides within seconds: for the whole table."""
ROWS = pytest.StashKey[list[Row]]()


@pytest.fixture(scope="session")
async def suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Suite]:
    """Have the suite of PLATFORM: by default localkube's, on a state directory of its own."""
    reporter = Reporter()
    if os.environ.get("PLATFORM") == "kubernetes":
        async with deployed(HURRIED if WHOLE_TABLE else OVERLAY) as (cluster, sender):
            yield Suite(cluster, reporter, sender)
        return
    state: Path = tmp_path_factory.mktemp("localkube")
    async with running(state) as platform, Http() as http:
        yield Suite(platform, reporter, http)


@pytest.fixture
def cluster(suite: Suite) -> Kubernetes:
    """Return the platform of a suite that runs in a cluster."""
    assert isinstance(suite.platform, Kubernetes)
    return suite.platform


@pytest.fixture(scope="session")
async def early_token(suite: Suite) -> str:
    """Return a token that was issued before anything happened."""
    return str((await suite.user_token("alice"))["access_token"])


@pytest.fixture(scope="session")
def rows(pytestconfig: pytest.Config) -> list[Row]:
    """Return the rows of the table so far; it is printed and kept when all tests have ended."""
    return pytestconfig.stash.setdefault(ROWS, [])


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Print what the scenarios showed, and keep it in a file."""
    if found := config.stash.get(ROWS, []):
        console().print(drawn(found))
        console().print(f"kept in {keep(found).relative_to(ROOT)}")
