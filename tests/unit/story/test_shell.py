"""What a page shows is compared with what its commands print."""

import asyncio
import os
from pathlib import Path

import pytest
from story.shell import play, scratch

from code_blocks import Block, Command, commands


def _block(text: str, language: str = "console", words: str = "") -> Block:
    return Block(Path(__file__), 1, language, words, text)


async def _failed(text: str, directory: Path, language: str = "console") -> list[str]:
    runs = await play(list(commands(_block(text, language))), directory, os.environ)
    return [run.command.text for run in runs if not run.held]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "text",
    [
        "$ echo one\none\n",
        '$ word=two\n$ echo "$word" \\\n    three\ntwo three\n',
        "$ printf '1\\n2\\n3\\n'\n1\n...\n",
        '$ echo \'{"token": "abc"}\'\n{"token": "..."}\n',
        "$ (exit 0)\n",
    ],
)
async def test_output_that_matches_the_page_passes(text: str, tmp_path: Path) -> None:
    assert await _failed(text, tmp_path) == []


@pytest.mark.anyio
async def test_another_output_and_a_failure_are_found(tmp_path: Path) -> None:
    assert await _failed("$ echo one\ntwo\n$ echo 3\n3\n", tmp_path) == ["echo one"]
    assert await _failed("$ echo 1\n1\n$ false | true\n$ echo 3\n", tmp_path) == ["false | true"]
    assert await _failed("true\nfalse\ntrue\n", tmp_path, "sh") == ["true\nfalse\ntrue\n"]


@pytest.mark.anyio
async def test_output_as_long_as_a_log_is_read(tmp_path: Path) -> None:
    assert await _failed("$ head -c 1000000 /dev/zero | tr '\\0' x\n...\n", tmp_path) == []


@pytest.mark.anyio
async def test_a_program_that_writes_on_ends_with_the_shell(tmp_path: Path) -> None:
    with pytest.raises(asyncio.LimitOverrunError):
        await _failed("$ yes | cat\n...\n", tmp_path)


@pytest.mark.anyio
async def test_a_page_runs_as_outside_of_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    monkeypatch.setenv("MAKEFLAGS", "w")
    environment = scratch(tmp_path, kubectl="true")
    text = "$ echo 'one: ; @echo one' | make -f -\none\n"
    runs = await play(list(commands(_block(text))), tmp_path, environment)
    assert [run for run in runs if not run.held] == []


@pytest.mark.parametrize(
    ("language", "words", "treated"),
    [
        ("sh", "", True),
        ("console", "cluster", True),
        ("sh", "not-run: it needs a Docker engine", True),
        ("sh", "not-run: no", False),
        ("yaml", "", False),
        ("yaml", "cas-server", True),
        ("python", "orders/api.py", True),
        ("python", "", False),
        ("json", "", False),
        ("", "", False),
    ],
)
def test_a_block_without_a_treatment_is_found(language: str, words: str, *, treated: bool) -> None:
    assert _block("", language, words).treated == treated


def test_a_script_is_one_command() -> None:
    assert [c.text for c in commands(_block("a\nb\n", "sh"))] == ["a\nb\n"]
    shown = list(commands(_block("$ a\n$ b\nc\n")))
    assert [(one.text, one.output) for one in shown] == [("a", ""), ("b", "c\n")]
    assert Command(shown[0].block, "x").shows("anything")
