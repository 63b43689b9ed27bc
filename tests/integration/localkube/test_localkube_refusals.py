"""`up`, `apply`, `patch` and `edit` refuse what every cluster refuses."""

import json
from pathlib import Path

import pytest

from integration.localkube.kit import Localkube, processes_of
from invalid_objects import REFUSED, SOUND, Refused

ARGUMENT_BYTES = 100_000
"""Cases that fit into a command-line argument."""

SOME = REFUSED[::6]
OF_LIVE_OBJECTS = [
    refused
    for refused in SOME
    if not {"name", "namespace"} & refused.patch.get("metadata", {}).keys()
    and len(json.dumps(refused.patch)) < ARGUMENT_BYTES
]


@pytest.fixture(scope="module")
def running(shared: Localkube) -> Localkube:
    """Provide a running localkube with a valid object of each kind."""
    shared.ok("delete", "deployment", "web")
    for document in SOUND.values():
        shared.ok("apply", "-f", "-", stdin=json.dumps(document))
    return shared


@pytest.mark.parametrize("refused", SOME, ids=str)
def test_up_starts_nothing(localkube: Localkube, refused: Refused) -> None:
    result = localkube.up(refused.document)

    assert result.code == 2, result.err
    assert refused.words in result.err
    assert len(result.err.strip().splitlines()) == 1
    assert processes_of(localkube.state) == []


@pytest.mark.parametrize("refused", SOME, ids=str)
def test_apply_changes_nothing(running: Localkube, refused: Refused) -> None:
    before = running.objects("cm,secret,svc,deploy", "-A")

    result = running.run("apply", "-f", "-", stdin=json.dumps(refused.document))

    assert (result.code, refused.words in result.err) == (2, True), result.err
    assert _content(running.objects("cm,secret,svc,deploy", "-A")) == _content(before)


@pytest.mark.parametrize("refused", OF_LIVE_OBJECTS, ids=str)
def test_patch_and_edit_change_nothing(
    running: Localkube, refused: Refused, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(json.dumps(refused.document))
    before = running.objects(refused.kind, "web")

    merged = ["patch", refused.kind, "web", "--type=merge", "-p", json.dumps(refused.patch)]
    patched = running.run(*merged)
    edited = running.run(
        "edit", refused.kind, "web", KUBE_EDITOR=f"cp {wrong}", TMPDIR=str(tmp_path)
    )

    for result in (patched, edited):
        assert (result.code, refused.words in result.err) == (2, True), result.err
    assert _content(running.objects(refused.kind, "web")) == _content(before)


def test_a_key_that_is_a_path_cannot_escape_its_volume(running: Localkube) -> None:
    """Regression: it wrote outside of the volume, and no later edit reached the pod."""
    outside = {"data": {"../../../escaped": "x"}}

    result = running.run("patch", "cm", "web", "-p", json.dumps(outside))

    assert result.code == 2
    assert "a valid config key must consist of" in result.err
    assert not list(running.directory.rglob("escaped"))
    running.ok("patch", "cm", "web", "-p", json.dumps({"data": {"later": "y"}}))


def _content(documents: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{key: value for key, value in d.items() if key != "status"} for d in documents]
