"""A service that was made while the suite runs joins it at the next `make up`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.suitectl.releasing import SERVICE, Releasing
from suitectl.catalogue import Service, apis, registered_secret
from suitectl.platform import newcomers
from suitectl.platform.localkube import Localkube

OTHERS = [one for one in apis() if one.name != SERVICE.name and not one.language]
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not OTHERS, reason="there is no second service on the chassis"),
]


@pytest.fixture
def one_runs(tmp_path: Path) -> Iterator[Releasing]:
    """Start one service alone."""
    suite = Releasing(tmp_path)
    try:
        suite.up()
        yield suite
    finally:
        suite.localkube("down", "--grace-period", "1")


async def test_only_what_is_not_there_is_started_and_the_identities_come_with_it(
    one_runs: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, made = Localkube(one_runs.state), OTHERS[0]
    _have(monkeypatch, SERVICE)
    assert await newcomers.join(platform) == []

    one_runs.scale(v1=2)
    _have(monkeypatch, SERVICE, made)
    assert await newcomers.join(platform) == [made.name]
    assert await newcomers.join(platform) == []

    assert await platform.url(*made.address)
    assert one_runs.replicas["v1"] == 2
    identities = registered_secret()["metadata"]
    one_runs.localkube("get", "secret", identities["name"], "-n", identities["namespace"])


def _have(monkeypatch: pytest.MonkeyPatch, *found: Service) -> None:
    monkeypatch.setattr(newcomers, "services", lambda: {one.name: one for one in found})
