"""Scenarios under the whole load on localkube; in a cluster they are rows of the table."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from story.restored import restored
from story.scenarios.rolled import rolled
from story.scenarios.signed import rotated
from story.sentinels import failed_over

from sample_services import needs
from suitectl.platform.localkube import Localkube
from suitectl.story.cast import DIFF_NS_SERVICE, REST_SERVICE
from suitectl.story.suite import Suite

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(900),
    needs(REST_SERVICE, DIFF_NS_SERVICE),
]


@pytest.mark.parametrize("play", [rotated, rolled])
async def test_nothing_fails_and_nothing_is_lost_under_the_whole_load(
    suite: Suite, play: Callable[[Suite], Awaitable[str]]
) -> None:
    """docs/design/decisions/signing-keys.md: tokens are signed, and the key or all pods change."""
    if not isinstance(suite.platform, Localkube):
        pytest.skip("test_cluster.py plays it")
    async with restored(suite.platform):
        suite.reporter.summary(await play(suite))


async def test_nothing_fails_and_nothing_is_lost_in_a_failover(
    suite: Suite, tmp_path: Path
) -> None:
    """The base has one Redis: the servers and their Sentinels are processes beside localkube."""
    if not isinstance(suite.platform, Localkube):
        pytest.skip("test_cluster.py plays it")
    async with restored(suite.platform):
        suite.reporter.summary(await failed_over(suite, tmp_path))
