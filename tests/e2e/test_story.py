"""The story end to end: every chapter of `make demo`, each with its checks."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story.http import Http
from story.kubernetes import deployed
from story.localkube import ROOT, running
from story.narrator import Narrator, console
from story.step import Step
from story.steps import STEPS
from story.suite import Suite

BASE = ROOT / "k8s/base"

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]


@pytest.fixture(scope="session")
async def suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Suite]:
    tell = Narrator(console())
    if os.environ.get("PLATFORM") == "kubernetes":
        async with deployed(BASE, profile="dev") as (cluster, sender):
            yield Suite(cluster, tell, sender)
        return
    state: Path = tmp_path_factory.mktemp("localkube")
    async with running(state) as platform, Http() as http:
        yield Suite(platform, tell, http)


@pytest.mark.parametrize("step", STEPS, ids=[step.name for step in STEPS])
async def test_chapter_of_the_story_holds(suite: Suite, step: Step) -> None:
    await step.play(suite)
