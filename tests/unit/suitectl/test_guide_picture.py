"""The README shows what `make up` prints, in a picture that is drawn from the code.

RENEW_PICTURES=1 draws it anew.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from sample_services import needs
from suitectl import catalogue, guide
from suitectl.catalogue import Service, services
from suitectl.platform.localkube import Localkube
from suitectl.reporter import Reporter
from suitectl.story.cast import DEMO
from suitectl.terminal import recorder

ROOT = Path(__file__).parents[3]
PICTURE = ROOT / "docs/pictures/up.svg"

pytestmark = [pytest.mark.anyio, needs(*DEMO)]


class Addresses(Localkube):
    """A suite whose Services have addresses in the order of their names."""

    def __init__(self, shown: Mapping[str, Service]) -> None:
        super().__init__()
        self._pictured = list(shown.values())

    async def url(self, service: str, namespace: str) -> str:
        addresses = [one.address for one in self._pictured]
        number = addresses.index((service, namespace))
        return f"http://127.96.128.{number + 3}:{self._pictured[number].port}"


async def test_the_picture_of_make_up_is_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {name: one for name, one in services().items() if not _made(name)}
    for module in (catalogue, guide):
        monkeypatch.setattr(module, "services", lambda: ours)
    drawn = PICTURE if os.environ.get("RENEW_PICTURES") else tmp_path / "up.svg"
    reporter = Reporter(out=recorder(guide.WIDTH))
    await guide.guide(Addresses(ours), reporter)
    reporter.picture(drawn, "make up", identity="up")
    if drawn.read_text("utf-8") != PICTURE.read_text("utf-8"):
        pytest.fail(f"make up prints something else: RENEW_PICTURES=1 pytest {Path(__file__)}")


def _made(name: str) -> bool:
    return (ROOT / "services" / name / ".copier-answers.yml").exists()
