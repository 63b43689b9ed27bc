"""Documentation is part of the feature: what is promised is there, what is there is named."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DESIGN = sorted((ROOT / "docs/design").rglob("*.md"))
HABITS = [ROOT / "CHANGELOG.md", *sorted((ROOT / ".github").glob("*.md"))]
LINK = re.compile(r"\]\((?!http|#)([^)#]+)[^)]*\)")
TARGET = re.compile(r"^([a-z0-9-]+):.*## ", re.MULTILINE)


@pytest.mark.parametrize("page", [*PAGES, *DESIGN, *HABITS], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in readme] == []


def test_every_make_target_is_explained() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    text = (ROOT / "docs/development.md").read_text()
    assert "demo" in targets
    assert {target for target in targets if f"`make {target}" not in text} == set()


@pytest.mark.parametrize("folder", ["components", "overlays"])
def test_every_folder_to_deploy_is_explained(folder: str) -> None:
    names = {path.name for path in (ROOT / "k8s" / folder).iterdir()}
    assert {name for name in names if f"`{name}`" not in _page("kubernetes.md")} == set()


def test_every_make_target_that_is_promised_exists() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    promised = {
        name
        for page in PAGES
        for name in re.findall(r"\bmake ([a-z0-9-]+)", _code(page.read_text()))
    }
    assert promised - targets == set()


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def _code(text: str) -> str:
    """Return what stands in code: blocks, indented lines, and spans."""
    blocks = re.findall(r"```.*?```|^ {4}.*?$|`[^`]+`", text, re.DOTALL | re.MULTILINE)
    return "\n".join(blocks)
