"""Generated Secrets, and projected volumes with several sources."""

import json
import shlex
from pathlib import Path
from typing import Any

from integration.localkube.kit import Localkube, deployment

WANTED = {"volumes": [{"name": "config", "secret": {"secretName": "generated"}}]}
MOUNTED = {"volumeMounts": [{"name": "config", "mountPath": "/etc/suite/config"}]}


def _secret(name: str, **data: str) -> dict[str, Any]:
    head = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
    return {**head, "stringData": data}


def _printed_by(localkube: Localkube, script: str) -> None:
    with (localkube.directory / "localkube.yaml").open("a") as config:
        config.write(json.dumps({"secrets": {"command": ["sh", "-c", script]}})[1:-1] + "\n")


def _mount(localkube: Localkube) -> Path:
    return Path(localkube.pods()[0]["metadata"]["annotations"]["localkube/volume.config"])


def _names(localkube: Localkube) -> set[str]:
    return {secret["metadata"]["name"] for secret in localkube.objects("secrets", "-A")}


def test_a_mounted_secret_without_a_manifest_is_generated(localkube: Localkube) -> None:
    printed = [json.dumps(_secret(name, word="w")) for name in ("generated", "another")]
    _printed_by(localkube, "echo " + shlex.quote("\n---\n".join(printed)))

    result = localkube.up(deployment(container=MOUNTED, pod=WANTED))

    assert result.code == 0, result.err
    assert (_mount(localkube) / "word").read_text() == "w"
    assert _names(localkube) == {"generated"}, "no pod mounts the other one"


def test_a_secret_of_the_manifests_is_not_generated(localkube: Localkube) -> None:
    _printed_by(localkube, "exit 1")

    result = localkube.up(_secret("generated", own="o"), deployment(container=MOUNTED, pod=WANTED))

    assert result.code == 0, result.err
    assert (_mount(localkube) / "own").read_text() == "o"


def test_a_failed_command_is_reported_in_one_line_before_anything_starts(
    localkube: Localkube,
) -> None:
    _printed_by(localkube, "echo first >&2; echo no luck >&2; exit 3")

    result = localkube.up(deployment(container=MOUNTED, pod=WANTED))

    assert result.code == 1
    assert result.err.strip().endswith("secrets.command failed: no luck")
    assert not localkube.state.exists()


def test_a_missing_secret_is_named(localkube: Localkube) -> None:
    result = localkube.up(deployment(container=MOUNTED, pod=WANTED))

    assert result.code == 1
    assert "Secret default/generated does not exist; apply it" in result.err


def test_a_projected_volume_has_several_sources_and_selected_keys(localkube: Localkube) -> None:
    items = [{"key": "long-name", "path": "name"}]
    sources = [{"secret": {"name": "one"}}, {"secret": {"name": "two", "items": items}}]
    pod = {"volumes": [{"name": "config", "projected": {"sources": sources}}]}
    two = _secret("two", **{"long-name": "2", "hidden": "x"})

    result = localkube.up(_secret("one", key="1"), two, deployment(container=MOUNTED, pod=pod))

    assert result.code == 0, result.err
    found = {path.name: path.read_text() for path in _mount(localkube).glob("[!.]*")}
    assert found == {"key": "1", "name": "2"}

    localkube.ok("apply", "-f", "-", stdin=json.dumps(_secret("two", **{"long-name": "3"})))
    assert (_mount(localkube) / "name").read_text() == "3"


def test_an_item_whose_key_is_missing_is_named(localkube: Localkube) -> None:
    items = [{"key": "gone", "path": "name"}]
    pod = {"volumes": [{"name": "config", "secret": {"secretName": "one", "items": items}}]}

    result = localkube.up(_secret("one", key="1"), deployment(container=MOUNTED, pod=pod))

    assert result.code == 1
    assert "Secret default/one has no key 'gone'; add it" in result.err
