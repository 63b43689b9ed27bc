"""diff-ns-service in two versions on a localkube of the tests' own."""

from collections.abc import Iterator

import pytest

from integration.suitectl.releasing import Releasing


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releasing]:
    """Give the two versions, up for all tests of a worker."""
    suite = Releasing(tmp_path_factory.mktemp("releases"))
    try:
        suite.up()
        yield suite
    finally:
        suite.localkube("down", "--grace-period", "1")


@pytest.fixture
def suite(started: Releasing, monkeypatch: pytest.MonkeyPatch) -> Releasing:
    """Give both versions with a replica each, behind one Service, without a past."""
    _aim(started, monkeypatch)
    started.reset()
    return started


@pytest.fixture
def untouched(started: Releasing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Releasing]:
    """Give the versions as an earlier test left them, which is how they are to stay."""
    _aim(started, monkeypatch)
    before = started.traffic
    yield started
    assert started.traffic == before


def _aim(suite: Releasing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALKUBE_STATE", str(suite.state))
    monkeypatch.delenv("PLATFORM", raising=False)
