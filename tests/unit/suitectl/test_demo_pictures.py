"""The pictures that `make demo` draws show the present chapters."""

import html
import re
from pathlib import Path

import pytest

from sample_services import needs
from suitectl.story.cast import DEMO
from suitectl.story.chapter import Chapter
from suitectl.story.chapters import ALL

PICTURES = Path(__file__).parents[3] / "docs/pictures"
REMEDY = (
    ".venv/bin/python -m suitectl demo --pictures docs/pictures, and keep those that pages show"
)
PICTURED = [chapter for chapter in ALL if (PICTURES / f"{chapter.name}.svg").exists()]

pytestmark = needs(*DEMO)


def texts(name: str) -> list[str]:
    """Return the pieces of text that a picture shows, in their order."""
    drawn = (PICTURES / f"{name}.svg").read_text("utf-8")
    found = re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
    return [html.unescape(text).replace("\xa0", " ").strip() for text in found]


def test_the_picture_of_make_demo_has_its_chapters() -> None:
    shown = texts("demo")
    rows = shown[shown.index("SECONDS") + 1 :]
    titles = [text for text in rows if re.search(r"[A-Za-z]{3}", text) and "checks" not in text]
    assert titles == [chapter.title for chapter in ALL], REMEDY


@pytest.mark.parametrize("chapter", PICTURED, ids=lambda chapter: chapter.name)
def test_the_picture_of_a_chapter_has_its_title(chapter: Chapter) -> None:
    assert chapter.title in " ".join(texts(chapter.name)), REMEDY


def test_some_chapters_are_pictured() -> None:
    assert PICTURED
