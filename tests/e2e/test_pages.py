"""The commands of the pages run as printed, on localkube or, if marked, in a cluster."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from story.restored import restored
from story.shell import play, scratch

from code_blocks import ROOT, SHELLS, Command, blocks, commands, pages
from sample_services import absent, meant
from suitectl.platform.localkube import Localkube
from suitectl.story.suite import Suite

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]


def _commands(page: Path, words: str) -> list[Command]:
    found = (b for b in blocks(page) if b.language in SHELLS and b.words == words)
    return [command for block in found for command in commands(block)]


ON = {words: [page for page in pages() if _commands(page, words)] for words in ("", "cluster")}


@pytest.mark.parametrize("page", ON[""], ids=lambda page: page.name)
async def test_commands_run_on_localkube(
    suite: Suite, state: Path, page: Path, tmp_path: Path
) -> None:
    if not isinstance(suite.platform, Localkube):
        pytest.skip("on localkube")
    environment = scratch(tmp_path, kubectl=f"{ROOT}/localkube")
    await _hold(suite, page, "", tmp_path, {**environment, "LOCALKUBE_STATE": str(state)})


@pytest.mark.parametrize("page", ON["cluster"], ids=lambda page: page.name)
async def test_commands_run_in_a_cluster(suite: Suite, page: Path, tmp_path: Path) -> None:
    if isinstance(suite.platform, Localkube):
        pytest.skip("in a cluster")
    kubectl = shutil.which("kubectl")
    assert kubectl is not None
    await _hold(suite, page, "cluster", tmp_path, scratch(tmp_path, kubectl=kubectl))


async def _hold(
    suite: Suite, page: Path, words: str, directory: Path, environment: Mapping[str, str]
) -> None:
    found = _commands(page, words)
    if gone := absent("\n".join(f"{one.text}\n{one.output or ''}" for one in found)):
        pytest.skip(f"its commands are about what was removed: {', '.join(gone)}")
    found = [replace(one, text=meant(one.text)) for one in found]
    async with restored(suite.platform):
        runs = await play(found, directory, environment)
    assert "\n\n".join(str(run) for run in runs if not run.held) == ""
