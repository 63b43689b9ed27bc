"""The scenario of signed tokens on localkube; in a cluster it is a row of the table."""

import pytest
from story.restored import restored
from story.scenarios.signed import rotated

from sample_services import needs
from suitectl.platform.localkube import Localkube
from suitectl.story.cast import DIFF_NS_SERVICE, REST_SERVICE
from suitectl.story.suite import Suite

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(300),
    needs(REST_SERVICE, DIFF_NS_SERVICE),
]


async def test_nothing_fails_while_tokens_are_signed_and_the_key_rotates(suite: Suite) -> None:
    """docs/design/decisions/signing-keys.md."""
    if not isinstance(suite.platform, Localkube):
        pytest.skip("test_cluster.py plays it")
    async with restored(suite.platform):
        await rotated(suite)
