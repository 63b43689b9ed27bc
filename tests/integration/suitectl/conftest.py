"""A service in two versions on a localkube for these tests."""

from collections.abc import Iterator

import pytest

from integration.suitectl.releasing import Releasing


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releasing]:
    """Start the two versions for all tests of a worker."""
    suite = Releasing(tmp_path_factory.mktemp("releases"))
    try:
        suite.up()
        yield suite
    finally:
        suite.localkube("down", "--grace-period", "1")


@pytest.fixture
def suite(started: Releasing, monkeypatch: pytest.MonkeyPatch) -> Releasing:
    """Provide one replica of each version, v1 with the traffic, without a previous release."""
    _aim(started, monkeypatch)
    started.reset()
    return started


@pytest.fixture
def untouched(started: Releasing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Releasing]:
    """Provide the versions unchanged, and check that the test does not change them."""
    _aim(started, monkeypatch)
    before = started.traffic
    yield started
    assert started.traffic == before


def _aim(suite: Releasing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALKUBE_STATE", str(suite.state))
    monkeypatch.delenv("PLATFORM", raising=False)
