"""Several people change one object: every edit succeeds, or its author gets an error."""

import json
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventually import PATIENCE_S
from integration.localkube.kit import Localkube, Result, deployment, service

CONFLICT = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def _config(**data: str) -> dict[str, Any]:
    head = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared"}}
    return {**head, "data": data}


@pytest.fixture(scope="module")
def running(shared: Localkube) -> Localkube:
    return shared


@pytest.fixture(autouse=True)
def config(running: Localkube) -> Iterator[None]:
    """Apply a ConfigMap with two keys."""
    running.ok("apply", "-f", "-", stdin=json.dumps(_config(one="alpha", two="beta")))
    yield
    running.ok("delete", "cm", "shared")


def _data(running: Localkube) -> dict[str, str]:
    return dict(running.objects("cm", "shared")[0]["data"])


def _edit_while(running: Localkube, other: str, mine: str, tmp_path: Path) -> Result:
    """Edit with sed, while another user's patch is applied before the editor closes."""
    patch = subprocess.list2cmdline(running.command("patch", "cm", "shared", "-p", other))
    editor = tmp_path / "editor"
    editor.write_text(f"#!/bin/sh\n{patch} >&2 && sed -i '{mine}' \"$1\"\n")
    editor.chmod(0o700)
    return running.run("edit", "cm", "shared", KUBE_EDITOR=str(editor), TMPDIR=str(tmp_path))


def test_concurrent_edits_of_two_keys_both_succeed(running: Localkube, tmp_path: Path) -> None:
    result = _edit_while(running, '{"data": {"two": "theirs"}}', "s/alpha/mine/", tmp_path)

    assert result.code == 0, result.err
    assert _data(running) == {"one": "mine", "two": "theirs"}


def test_the_second_edit_of_a_key_fails_and_its_text_is_stored(
    running: Localkube, tmp_path: Path
) -> None:
    result = _edit_while(running, '{"data": {"one": "theirs"}}', "s/alpha/mine/", tmp_path)

    assert result.code == 1
    assert f'Operation cannot be fulfilled on configmaps "shared": {CONFLICT}' in result.err
    assert _data(running) == {"one": "theirs", "two": "beta"}
    assert "one: mine" in _stored(result).read_text()


def test_the_same_edit_by_two_people_succeeds(running: Localkube, tmp_path: Path) -> None:
    result = _edit_while(running, '{"data": {"one": "same"}}', "s/alpha/same/", tmp_path)

    assert result.code == 0, result.err
    assert _data(running) == {"one": "same", "two": "beta"}


def test_a_removed_key_is_removed_and_no_other(running: Localkube, tmp_path: Path) -> None:
    result = _edit_while(running, '{"data": {"three": "3"}}', "/one:/d", tmp_path)

    assert result.code == 0, result.err
    assert _data(running) == {"two": "beta", "three": "3"}


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ("s/^data:/dat:/", "dat: localkube does not implement"),
        ("s/one:/..:/", "must not be '..'"),
        ("s/two:/one:/", 'key "one" already set in map'),
        ("s/^data:/data: [/", "not valid YAML"),
        ("s/name: shared/name: other/", "cannot change kind, name or namespace"),
    ],
)
def test_a_refused_edit_is_stored_in_a_private_file(
    running: Localkube, tmp_path: Path, edit: str, reason: str
) -> None:
    result = running.run(
        "edit", "cm", "shared", KUBE_EDITOR=f"sed -i '{edit}'", TMPDIR=str(tmp_path)
    )

    assert result.code == 2
    assert reason in result.err
    assert stat.S_IMODE(_stored(result).stat().st_mode) == 0o600
    assert "name: " in _stored(result).read_text()
    assert _data(running) == {"one": "alpha", "two": "beta"}


def test_a_failed_editor_changes_nothing_and_its_text_is_stored(
    running: Localkube, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i s/alpha/mine/ $1\nexit 3\n")
    editor.chmod(0o700)

    result = running.run("edit", "cm", "shared", KUBE_EDITOR=str(editor), TMPDIR=str(tmp_path))

    assert (result.code, "ended with 3" in result.err) == (1, True)
    assert "one: mine" in _stored(result).read_text()


def test_an_edit_that_is_not_utf_8_is_refused_and_stored_unchanged(
    running: Localkube, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf '\\351\\n' >> $1\n")
    editor.chmod(0o700)

    result = running.run("edit", "cm", "shared", KUBE_EDITOR=str(editor), TMPDIR=str(tmp_path))

    assert result.code == 2
    assert _stored(result).read_bytes().endswith(b"\xe9\n")
    assert _data(running) == {"one": "alpha", "two": "beta"}


@pytest.mark.parametrize("editor", ["true", "sed -i s/^#.*/#other/"])
def test_an_edit_without_a_change_changes_nothing(running: Localkube, editor: str) -> None:
    version = running.objects("cm", "shared")[0]["metadata"]["resourceVersion"]

    assert "no changes" in running.ok("edit", "cm", "shared", KUBE_EDITOR=editor)
    assert running.objects("cm", "shared")[0]["metadata"]["resourceVersion"] == version


@pytest.mark.parametrize("editor", ["truncate -s0", "rm", "sed -i /^[^#]/d"])
def test_an_emptied_file_changes_nothing(running: Localkube, editor: str) -> None:
    assert "saved file was empty" in running.ok("edit", "cm", "shared", KUBE_EDITOR=editor)
    assert _data(running) == {"one": "alpha", "two": "beta"}


def test_an_older_resource_version_is_refused_by_apply_and_patch(running: Localkube) -> None:
    old = running.objects("cm", "shared")[0]
    running.ok("patch", "cm", "shared", "-p", '{"data": {"two": "theirs"}}')
    patch = {
        "metadata": {"resourceVersion": old["metadata"]["resourceVersion"]},
        "data": {"a": "b"},
    }

    for result in (
        running.run("apply", "-f", "-", stdin=json.dumps(old)),
        running.run("patch", "cm", "shared", "-p", json.dumps(patch)),
    ):
        assert (result.code, CONFLICT in result.err) == (1, True), result.err

    current = running.objects("cm", "shared")[0]
    current["data"]["one"] = "again"
    running.ok("apply", "-f", "-", stdin=json.dumps(current))
    assert _data(running) == {"one": "again", "two": "theirs"}


def test_an_object_to_be_created_has_no_resource_version(running: Localkube) -> None:
    fresh = _config(a="b")
    fresh["metadata"] = {"name": "fresh", "resourceVersion": "1"}

    result = running.run("apply", "-f", "-", stdin=json.dumps(fresh))

    assert result.code == 2
    assert "resourceVersion should not be set on objects to be created" in result.err


def test_concurrent_patches_all_succeed(running: Localkube) -> None:
    """Opening a Service's listeners takes time, during which another patch may arrive."""
    running.ok("apply", "-f", "-", stdin=json.dumps(service("busy")))
    patches = [
        running.command(
            "patch", "svc", "busy", "-p", f'{{"metadata": {{"labels": {{"l{n}": "x"}}}}}}'
        )
        for n in range(8)
    ]

    started = [
        subprocess.Popen(patch, stdout=subprocess.DEVNULL, env=running.environment())
        for patch in patches
    ]

    assert [process.wait(PATIENCE_S) for process in started] == [0] * 8
    assert len(running.objects("svc", "busy")[0]["metadata"]["labels"]) == 8


def test_a_deployment_is_edited_while_its_status_changes(localkube: Localkube) -> None:
    localkube.up(deployment())

    said = localkube.ok(
        "edit", "deployment", "web", KUBE_EDITOR="sleep 0.2; sed -i 's/replicas: 1/replicas: 2/'"
    )

    assert said.strip() == "deployment.apps/web patched"
    assert localkube.objects("deployment", "web")[0]["spec"]["replicas"] == 2


def _stored(result: Result) -> Path:
    found = re.search(r"a copy of your changes has been stored to (\S+)$", result.err.strip())
    assert found, result.err
    return Path(found[1])
