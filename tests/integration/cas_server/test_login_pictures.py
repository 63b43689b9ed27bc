"""The pictures of docs/login-pages.md are made by a program, and show the present pages."""

from typing import Any

import pytest

from integration.cas_server import login_pictures
from integration.cas_server.chromium import running
from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio


@pytest.fixture
def identities() -> dict[str, Any]:
    return login_pictures.identities()


@pytest.mark.parametrize("name", login_pictures.NAMES)
def test_a_picture_shows_the_present_pages(name: str) -> None:
    picture = (login_pictures.PICTURES / name).read_bytes()
    assert login_pictures.source_of(picture) == login_pictures.digest(), "run make pictures"
    assert len(picture) < 300_000


async def test_the_pictures_can_be_made(cas: Cas) -> None:
    async with running() as browser:
        made = await login_pictures.make(browser, cas)
    for name, picture in made.items():
        committed = (login_pictures.PICTURES / name).read_bytes()
        assert login_pictures.source_of(picture) == login_pictures.source_of(committed)
        # Fonts differ between machines, and with them where a line ends.
        width, height = login_pictures.size_of(picture)
        known_width, known_height = login_pictures.size_of(committed)
        assert width == known_width
        assert height == pytest.approx(known_height, rel=0.2)
