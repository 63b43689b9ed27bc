"""The command that prints generated Secrets: when it runs, what counts, and its bound in time."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from localkube.errors import LocalkubeError
from localkube.images import Images
from localkube.verbs import generated_secrets as generated

POD = {"volumes": [{"name": "v", "secret": {"secretName": "wanted"}}]}
DEPLOYMENT: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {"template": {"spec": POD}},
}
NAMES = ("wanted", "optional", "of nobody")


def printing(directory: Path) -> Images:
    """Return images whose command prints a Secret of each name."""
    secrets = [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": one}} for one in NAMES]
    printed = "\n---\n".join(map(json.dumps, secrets))
    return Images(directory / "localkube.yaml", {}, (sys.executable, "-c", f"print({printed!r})"))


def deployment(*, with_wanted: bool) -> dict[str, Any]:
    optional = {"name": "o", "secret": {"secretName": "optional", "optional": True}}
    volumes = [*(POD["volumes"] if with_wanted else ()), optional]
    return DEPLOYMENT | {"spec": {"template": {"spec": {"volumes": volumes}}}}


def test_what_is_mounted_is_taken_optional_ones_included(tmp_path: Path) -> None:
    documents = [("all.yaml", deployment(with_wanted=True))]
    found = generated.generated(documents, printing(tmp_path))
    assert [secret["metadata"]["name"] for _, secret in found] == ["wanted", "optional"]


def test_an_optional_one_alone_is_left_out(tmp_path: Path) -> None:
    """A directory that brings its own Secrets gets none beside them."""
    documents = [("all.yaml", deployment(with_wanted=False))]
    assert generated.generated(documents, printing(tmp_path)) == []


@pytest.mark.bound("secrets-command")
def test_a_command_that_prints_nothing_times_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generated, "_TIMEOUT_S", 0.2)
    images = Images(tmp_path / "localkube.yaml", {}, ("sleep", "60"))
    with pytest.raises(LocalkubeError, match=r"sleep: printed no Secrets within 0\.2 s"):
        generated.generated([("all.yaml", DEPLOYMENT)], images)
