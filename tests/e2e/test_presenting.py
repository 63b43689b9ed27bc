"""The commands for presenters where `docs/present.md`, which runs them, can't show it all."""

import pytest
from story.restored import restored

from suitectl.catalogue import live_service, live_services
from suitectl.commands.edit import edit
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


@pytest.mark.skipif(not live_services(), reason="no service has a setting that is edited live")
@pytest.mark.parametrize(
    ("text", "said"),
    [("Typed in an editor", "in effect"), ("[", "rejected, the last good version serves on")],
)
async def test_an_edit_is_watched_until_each_pod_takes_or_rejects_it(
    suite: Suite,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    said: str,
) -> None:
    service = live_service(None)
    monkeypatch.setenv("KUBE_EDITOR", f"sed -i 's/message: .*/message: {text}/'")
    async with restored(suite.platform):
        assert await edit(suite.platform, service) == ("rejected" in said)
    pods = await suite.platform.pods(service.namespace, service.name)
    assert capsys.readouterr().out.count(said) == len(pods)
