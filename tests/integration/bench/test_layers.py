"""The table of what each layer of check_token costs."""

import re

import pytest

from bench import layers

pytestmark = pytest.mark.anyio
_ROW = re.compile(r"\| (?P<part>[^|]+) \| (?P<cost>\d+\.\d) \|")


async def test_every_part_of_a_request_has_a_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(layers, "_BATCH", 32)
    monkeypatch.setattr(layers, "_BATCHES", 1)

    await layers.main()

    parts = " ".join(part for part, _ in _ROW.findall(capsys.readouterr().out))
    for part in ("request layer", "body", "faults", "fast paths", "authentication", "throttle"):
        assert part in parts
    for part in ("look-up", "MAC", "response", "endpoint"):
        assert part in parts
