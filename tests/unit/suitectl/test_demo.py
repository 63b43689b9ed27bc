"""The demo says which chapters it leaves out, and which services these lack."""

from dataclasses import replace
from itertools import combinations

import pytest

from suitectl.catalogue import services
from suitectl.commands.demo import held, left_out
from suitectl.guide import WIDTH
from suitectl.story import chapter
from suitectl.story.cast import DEMO, DIFF_NS_SERVICE, REST_SERVICE
from suitectl.story.chapters import ALL, CHAPTERS, LEFT_OUT

REMOVED = [set(gone) for size in range(len(DEMO) + 1) for gone in combinations(DEMO, size)]


def _without(gone: set[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the demo says of a suite that has lost some services of the demo."""
    left = dict.fromkeys({*services(), *DEMO} - gone)
    monkeypatch.setattr(chapter, "services", lambda: left)
    return list(left_out(one for one in ALL if one.missing))


@pytest.mark.parametrize("gone", REMOVED, ids=lambda gone: "+".join(sorted(gone)) or "none")
def test_each_chapter_that_needs_a_removed_service_is_named_below_it(
    gone: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _without(gone, monkeypatch)
    said, missing = {}, ""
    for line in lines:
        if line.startswith("  "):
            said[line.strip()] = missing
        else:
            missing = line.removeprefix("left out, without ").removesuffix(":")
    assert said == {
        one.title: " and ".join(name for name in one.needs if name in gone)
        for one in ALL
        if gone & set(one.needs)
    }
    assert all(len(line) <= WIDTH - 2 for line in lines)


def test_the_lines_are_as_people_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _without({REST_SERVICE, DIFF_NS_SERVICE}, monkeypatch)
    both = lines.index(f"left out, without {REST_SERVICE} and {DIFF_NS_SERVICE}:")
    assert lines[both + 1] == "  Calls across namespaces, both ways of authorising"
    assert f"left out, without {REST_SERVICE}:" in lines
    assert f"left out, without {DIFF_NS_SERVICE}:" in lines


def test_every_chapter_is_played_or_left_out_and_one_needs_no_service() -> None:
    titles = [one.title for one in (*CHAPTERS, *LEFT_OUT)]
    assert sorted(titles) == sorted({one.title for one in ALL})
    assert [one.title for one in ALL if not one.needs] == ["Every replica is ready"]


def test_a_suite_with_all_services_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _without(set(), monkeypatch) == []
    odd = replace(ALL[0], needs=("no-such-service",))
    assert list(left_out([odd])) == ["left out, without no-such-service:", f"  {odd.title}"]


def test_a_suite_with_one_chapter_may_have_one_check() -> None:
    assert (held(1), held(2)) == ("the check holds", "all 2 checks hold")
