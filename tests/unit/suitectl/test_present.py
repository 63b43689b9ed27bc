"""The script of a presentation is short to type; `tests/e2e/test_pages.py` runs all of it."""

import re
from statistics import median

from code_blocks import ROOT, blocks, commands

PAGE = ROOT / "docs/present.md"
MINUTES = 20


def test_half_of_the_commands_have_at_most_30_characters() -> None:
    typed = [one.text.strip() for block in blocks(PAGE) for one in commands(block)]
    typed = [line for text in typed for line in text.splitlines()]
    assert len(typed) >= 10
    assert median(map(len, typed)) <= 30


def test_every_command_is_run_as_printed_but_the_one_that_ends_the_suite() -> None:
    skipped = [block.text for block in blocks(PAGE) if block.words]
    assert skipped == ["make down\n"]


def test_each_step_says_when_it_starts_what_is_seen_and_what_to_say() -> None:
    steps = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    starts = [int(step.partition(":")[0]) for step in steps]
    assert starts == sorted(starts)
    assert starts[0] == 0
    assert starts[-1] < MINUTES
    assert all("*Say:*" in step and "```console" in step for step in steps)
    assert all("*Seen:*" in step for step in steps[:-1])
