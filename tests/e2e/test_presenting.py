"""The commands for presenters where there is nothing to do; `docs/present.md` runs the rest."""

import pytest
from story.restored import restored

from suitectl.catalogue import live_service, live_services
from suitectl.commands.greet import greet
from suitectl.story.suite import Suite

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


@pytest.mark.skipif(not live_services(), reason="no service has a setting that is edited live")
async def test_a_greeting_that_is_served_already_is_no_edit(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    service = live_service(None)
    async with restored(suite.platform):
        await greet(suite.platform, service, "Said twice")
        assert "after the swap" in capsys.readouterr().out

        await greet(suite.platform, service, "Said twice")
        said = capsys.readouterr().out
    assert "says so already: Said twice" in said
    assert "after the swap" not in said
