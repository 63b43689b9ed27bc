"""The story end to end: every chapter of `make demo`, each with its checks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story.http import Http
from story.localkube import running
from story.narrator import Narrator, console
from story.step import Step
from story.steps import STEPS
from story.suite import Suite

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]


@pytest.fixture(scope="session")
async def suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Suite]:
    state: Path = tmp_path_factory.mktemp("localkube")
    async with running(state) as platform, Http() as http:
        yield Suite(platform, Narrator(console()), http)


@pytest.mark.parametrize("step", STEPS, ids=[step.name for step in STEPS])
async def test_chapter_of_the_story_holds(suite: Suite, step: Step) -> None:
    await step.play(suite)
