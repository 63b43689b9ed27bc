"""The suite that all end-to-end tests share. It starts once per run."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from story.deployed import deployed
from story.recorded import Recorded
from story.scenarios.report import Row, drawn, write
from story.scenarios.scenario import WHOLE_TABLE
from suitectl.platform.http import Http
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.localkube import running
from suitectl.reporter import Reporter
from suitectl.root import ROOT
from suitectl.story.suite import Suite
from suitectl.terminal import console

OVERLAY = ROOT / "tests/e2e/whole"
"""`overlays/prod`, with what is optional in it."""
FAST = ROOT / "tests/e2e/overlay"
"""The same overlay with short timeouts in the cluster, for the complete table."""
ROWS = pytest.StashKey[list[Row]]()


LAST = "test_what_is_left.py"
"""It looks for what all others may have left."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what looks at the whole run last."""
    items.sort(key=lambda item: item.path.name == LAST)


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the state directory of localkube."""
    return tmp_path_factory.mktemp("localkube")


@pytest.fixture(scope="session")
async def suite(state: Path) -> AsyncIterator[Suite]:
    """Run the suite on PLATFORM. The default is localkube with a separate state directory."""
    reporter = Reporter()
    if os.environ.get("PLATFORM") == "kubernetes":
        async with deployed(FAST if WHOLE_TABLE else OVERLAY) as (cluster, sender):
            yield Suite(cluster, sender, reporter)
        return
    async with running(state) as platform, Http() as http:
        yield Suite(platform, Recorded(http), reporter)


@pytest.fixture
def recorded(suite: Suite) -> Recorded:
    """Return what has sent all requests of the tests to localkube."""
    if not isinstance(suite.http, Recorded):
        pytest.skip("on localkube")
    return suite.http


@pytest.fixture
def cluster(suite: Suite) -> Kubernetes:
    """Return the platform of a suite that runs in a cluster."""
    assert isinstance(suite.platform, Kubernetes)
    return suite.platform


@pytest.fixture(scope="session")
async def early_token(suite: Suite) -> str:
    """Return a token that was issued before any scenario."""
    return str((await suite.user_token("alice"))["access_token"])


@pytest.fixture(scope="session")
def rows(pytestconfig: pytest.Config) -> list[Row]:
    """Return the rows of the table so far. It is printed and stored after all tests."""
    return pytestconfig.stash.setdefault(ROWS, [])


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Print the table of scenarios, and store it in a file."""
    if found := config.stash.get(ROWS, []):
        console().print(drawn(found))
        console().print(f"stored in {write(found).relative_to(ROOT)}")
