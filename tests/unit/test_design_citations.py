"""Every citation of docs/ names an existing page and section."""

import functools
import re
from pathlib import Path

import pytest

from sample_services import absent

ROOT = Path(__file__).parents[2]
CITATION = re.compile(r'\bdocs/([a-z0-9/-]+\.md)(?:, "([^"]+)")?')
SHARED = re.compile(
    r"\b(?:RELIABILITY|PROTOCOL|RUNTIME|PERFORMANCE|STYLE|DESIGN)(?:\.md\b|,|:)", re.ASCII
)
"""Citations of the pages that docs/design/ replaced."""
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yaml|sh|acl|conf)|\w+\.py)`")
"""A file name in the design pages, with as much of its path as a reader needs."""
FOLDERS = (".github", "libs", "services", "tests", "k8s", "docker", "docs", ".ci")
FILES = ("CHANGELOG.md", "Makefile", "README.md", "pyproject.toml", "setup", "skaffold.yaml")
KINDS = {".acl", ".py", ".pyi", ".md", ".yaml", ".yml", ".toml", ".sh", ".conf", ".lua", ".txt", ""}


def _files() -> list[Path]:
    found = [ROOT / name for name in FILES]
    for folder in FOLDERS:
        found += (path for path in (ROOT / folder).rglob("*") if path.suffix in KINDS)
    return sorted(
        path
        for path in found
        if path.is_file() and "__pycache__" not in path.parts and path != Path(__file__)
    )


def _text(path: Path) -> str:
    """Return a file's text with comments and docstrings joined to single lines."""
    return re.sub(r"\s*\n[ \t#*>]*", " ", path.read_text("utf-8", errors="replace"))


@functools.cache
def _headings(page: str) -> frozenset[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return frozenset(re.findall(r"^#+ (.+?)\s*$", text, re.MULTILINE))


def broken(text: str) -> list[str]:
    """Return the citations of a text whose page or section does not exist."""
    return [
        found[0]
        for found in CITATION.finditer(text)
        if not (ROOT / "docs" / found[1]).is_file()
        or (found[2] is not None and found[2] not in _headings(found[1]))
    ]


def test_every_cited_page_and_section_exists() -> None:
    wrong = {str(path.relative_to(ROOT)): broken(_text(path)) for path in _files()}

    assert {path: cited for path, cited in wrong.items() if cited} == {}


def test_sections_are_cited() -> None:
    cited = [found for path in _files() for found in CITATION.findall(_text(path)) if found[1]]

    assert len(cited) > 40


RULES = ("protocol", "code-flow", "sessions", "openid-connect", "signed-tokens", "identities")
"""Pages of rules, of which each has a test."""


@pytest.mark.parametrize("page", [*RULES, "administration"])
def test_a_test_names_each_section_of_the_rules(page: str) -> None:
    name = f"design/{page}.md"
    tests = [path for path in _files() if path.is_relative_to(ROOT / "tests")]
    cited = {found[1] for path in tests for found in CITATION.findall(_text(path))}
    sections = re.findall(r"^## (.+?)\s*$", (ROOT / "docs" / name).read_text("utf-8"), re.MULTILINE)

    assert {*sections} - cited <= {"Planned"}


def test_nothing_cites_a_page_from_outside_of_the_repository() -> None:
    wrong = {str(path.relative_to(ROOT)): SHARED.findall(_text(path)) for path in _files()}

    assert {path: cited for path, cited in wrong.items() if cited} == {}


def test_every_file_that_a_design_page_names_exists() -> None:
    known = "\n".join(f"/{path.relative_to(ROOT)}" for path in _files()) + "\n"
    named = {
        name
        for page in (ROOT / "docs/design").rglob("*.md")
        for name in NAMED.findall(page.read_text("utf-8"))
        if page.name != "style.md" and not absent(name)  # style.md has files of other projects
    }

    assert len(named) > 20
    assert {name for name in named if f"/{name}\n" not in known} == set()


JOURNEY = re.compile(r"^## (.+?)\nFiles: (\d+)(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
JOURNEYS = JOURNEY.findall((ROOT / "docs/design/journeys.md").read_text("utf-8"))


def test_the_page_has_five_journeys() -> None:
    assert len(JOURNEYS) == 5


@pytest.mark.parametrize(("name", "count", "text"), JOURNEYS, ids=[one[0] for one in JOURNEYS])
def test_a_journey_goes_through_files_that_exist(name: str, count: str, text: str) -> None:
    known = "\n".join(f"/{path.relative_to(ROOT)}" for path in _files()) + "\n"
    files = re.findall(r"participant \w+ as (\S+)", text)
    if gone := absent("\n".join(files)):
        pytest.skip(f"it goes through what was removed: {', '.join(gone)}")
    table = (ROOT / "docs/design/architecture.md").read_text("utf-8")

    assert len(set(files)) == int(count)
    assert [file for file in files if f"/{file}\n" not in known] == []
    assert re.search(rf"^\| \[{name}\]\(journeys\.md#.+\) \|.*\| {count} \|$", table, re.MULTILINE)


@pytest.mark.parametrize(
    "text",
    [
        "docs/design/nowhere.md",
        'docs/design/protocol.md, "No such section"',
        'docs/design/protocol.md,\n# "No such section"',
    ],
)
def test_a_broken_citation_is_found(text: str, tmp_path: Path) -> None:
    file = tmp_path / "cites"
    file.write_text(f'"""{text}: what it says."""\n')

    assert broken(_text(file))


def test_a_citation_may_span_two_lines(tmp_path: Path) -> None:
    file = tmp_path / "cites"
    file.write_text(
        '    # docs/design/protocol.md,\n    # "Dead at the\n    # next check": as said\n'
    )

    assert broken(_text(file)) == []
