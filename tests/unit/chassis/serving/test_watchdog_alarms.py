"""The watchdog's alarms: one that sounds while another is handled would report the handler."""

import signal
from types import FrameType

import pytest

from chassis.serving import watchdog
from chassis.serving.watchdog import Watchdog

pytestmark = pytest.mark.anyio


async def test_an_alarm_within_an_alarm_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = list[FrameType | None]()

    def look(frame: FrameType | None) -> None:
        looked_at.append(frame)
        if len(looked_at) == 1:
            signal.raise_signal(signal.SIGALRM)

    monkeypatch.setattr(watchdog, "callback_of", look)
    with Watchdog("none"):
        signal.raise_signal(signal.SIGALRM)
        assert len(looked_at) == 1
        signal.raise_signal(signal.SIGALRM)
        assert len(looked_at) == 2
