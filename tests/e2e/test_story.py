"""The story end to end: every chapter of `make demo` with its checks, on either platform."""

import json
from pathlib import Path
from typing import Any

import pytest
from story.restored import restored

from sample_services import OUTSIDE, VERSIONED
from suitectl.command_lines import Verb, verb
from suitectl.commands.up import up
from suitectl.guide import LINES, WIDTH
from suitectl.platform.localkube import Localkube
from suitectl.story.chapter import Chapter
from suitectl.story.chapters import CHAPTERS
from suitectl.story.suite import Suite

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


@pytest.mark.parametrize("step", CHAPTERS, ids=[step.name for step in CHAPTERS])
async def test_a_chapter_of_the_story_passes(suite: Suite, step: Chapter) -> None:
    async with restored(suite.platform):
        await step.play(suite)


async def test_a_second_up_prints_the_urls_again(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    if not isinstance(suite.platform, Localkube):
        pytest.skip("a cluster is already running")
    assert await up(suite.platform) == 0
    first = capsys.readouterr()
    assert await suite.platform.url(*OUTSIDE.address) in first.out
    assert len((first.out + first.err).splitlines()) <= LINES
    assert max(map(len, (first.out + first.err).splitlines())) <= WIDTH

    assert await up(suite.platform) == 0
    assert capsys.readouterr() == first


SCALED = list(VERSIONED.deployments.values())[-1]
MORE = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: more, namespace: {OUTSIDE.namespace}}}
"""


class Interrupted(Exception):
    """An interruption of a chapter."""


async def test_changes_are_restored_however_the_block_ends(suite: Suite, tmp_path: Path) -> None:
    """This covers replicas, a selector, configuration, and added or deleted objects."""
    before = await _state(suite)

    with pytest.raises(Interrupted):
        await _interrupted(suite, before, tmp_path)

    assert await _state(suite) == before


async def _interrupted(suite: Suite, before: dict[str, Any], tmp_path: Path) -> None:
    run = suite.run
    async with restored(suite.platform):
        await run(verb(f"scale deployment/{SCALED} -n {VERSIONED.namespace} --replicas=1"))
        selector = {"spec": {"selector": {"version": "v9"}}}
        await run(_patched("service", OUTSIDE.service, selector))
        await run(_patched("configmap", OUTSIDE.name, {"data": {"more": "x"}}))
        await run(verb("delete configmap cas-server -n system-server"))
        (tmp_path / "more.yaml").write_text(MORE)
        await run(verb(f"apply -f {tmp_path}/more.yaml"))
        assert await _state(suite) != before
        raise Interrupted


async def test_a_rollout_is_not_restored(suite: Suite) -> None:
    first = next(iter(VERSIONED.deployments.values()))
    restart = f"rollout restart deployment/{first} -n {VERSIONED.namespace}"
    async with restored(suite.platform):
        await suite.run(verb(restart))
        rolled = await _pods(suite)

    assert await _pods(suite) != rolled
    async with restored(suite.platform):
        settled = await _pods(suite)
    assert await _pods(suite) == settled


async def _pods(suite: Suite) -> set[str]:
    return {
        pod["metadata"]["name"] for pod in await suite.platform.objects("pods", VERSIONED.namespace)
    }


async def _state(suite: Suite) -> dict[str, Any]:
    """Return what a chapter depends on: the pods' configuration, and how many are ready."""
    found = await suite.platform.objects("deployments,services,configmaps")
    return {
        f"{one['kind']} {one['metadata']['name']}": (
            one.get("data"),
            one.get("spec", {}).get("selector"),
            one.get("spec", {}).get("replicas"),
            one.get("status", {}).get("readyReplicas"),
        )
        for one in found
    }


def _patched(kind: str, name: str, patch: dict[str, Any]) -> Verb:
    return Verb(
        ("patch", kind, name, "-n", OUTSIDE.namespace, "--type=merge", "-p", json.dumps(patch))
    )
