"""The story end to end: every chapter of `make demo`, each with its checks, on either platform."""

import pytest
from story.step import Step
from story.steps import STEPS
from story.suite import Suite

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


@pytest.mark.parametrize("step", STEPS, ids=[step.name for step in STEPS])
async def test_chapter_of_the_story_holds(suite: Suite, step: Step) -> None:
    await step.play(suite)
