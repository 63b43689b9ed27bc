"""Documentation and features match: everything documented exists, and vice versa."""

import re
from pathlib import Path

import pytest

from sample_services import REMOVED

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DESIGN_PAGES = sorted((ROOT / "docs/design").rglob("*.md"))
HABITS = [ROOT / "CHANGELOG.md", *sorted((ROOT / ".github").glob("*.md"))]
INDEX = ROOT / "docs/design/index.md"
REFERENCES = {"bounds.md", "performance.md", "settings.md"}
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
CONTENTS = {
    "Where is the retry policy?": "def _may_try_again(",
    "What happens when Redis is away?": "## Redis away\n",
    "How do I add a setting?": "## Add a setting\n",
    "How does a revoked token die?": "## Dead at the next check\n",
    "Who may call what in the cluster?": "## Who may call what\n",
    "Where is a grant type implemented?": "def grant_types(",
}
"""The text that the page linked for a question must contain."""
TARGET = re.compile(r"^([a-z0-9-]+):.*## ", re.MULTILINE)


@pytest.mark.parametrize("page", [*PAGES, *DESIGN_PAGES, *HABITS], ids=lambda page: page.name)
def test_every_link_has_an_existing_target(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert [link for link in links if not _leads(page, *link)] == []


def test_every_design_page_is_linked_from_the_index() -> None:
    linked = {(INDEX.parent / path).resolve() for path, _ in LINK.findall(INDEX.read_text())}
    assert [page.name for page in DESIGN_PAGES if page not in {INDEX, *linked}] == []


@pytest.mark.parametrize("question", CONTENTS)
def test_the_index_links_to_the_page_of_each_question(question: str) -> None:
    row = next(line for line in INDEX.read_text().splitlines() if question in line)
    ((path, _),) = LINK.findall(row)
    assert CONTENTS[question] in (INDEX.parent / path).read_text()


@pytest.mark.parametrize("page", DESIGN_PAGES, ids=lambda page: page.name)
def test_a_design_page_is_short(page: Path) -> None:
    lines = page.read_text().splitlines()
    assert len(lines) <= 150
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


def test_every_page_is_reachable_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in readme] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_how_to_page_is_short_and_has_an_example(page: Path) -> None:
    text = page.read_text()
    assert len(text.splitlines()) <= (180 if page.name in REFERENCES else 120)
    assert "```" in text or page.name in REFERENCES


def test_every_make_target_is_documented() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    text = (ROOT / "docs/development.md").read_text()
    assert "demo" in targets
    assert {target for target in targets if f"`make {target}" not in text} == set()


@pytest.mark.parametrize("folder", ["components", "overlays"])
def test_every_deployable_folder_is_documented(folder: str) -> None:
    names = {path.name for path in (ROOT / "k8s" / folder).iterdir()}
    assert {name for name in names if f"`{name}`" not in _page("kubernetes.md")} == set()


def test_every_documented_make_target_exists() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    promised = {
        name
        for page in PAGES
        for name in re.findall(r"\bmake (?:-s )?([a-z0-9-]+)", _code(page.read_text()))
    }
    assert promised - targets == set()


def _leads(page: Path, path: str, section: str) -> bool:
    """Return whether the file of a link exists and, for a page, its section."""
    target = page.parent / path if path else page
    if any(f"/{name}" in path for name in REMOVED):
        return True
    return target.exists() and (not section or section in _anchors(target.read_text()))


def _anchors(text: str) -> set[str]:
    """Return the names that git hosts give to the headings of a page."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+?)\s*$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def _code(text: str) -> str:
    """Return the code of a page: blocks, indented lines, and spans."""
    blocks = re.findall(r"```.*?```|^ {4}.*?$|`[^`]+`", text, re.DOTALL | re.MULTILINE)
    return "\n".join(blocks)
