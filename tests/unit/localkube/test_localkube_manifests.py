"""Invalid manifest files are refused with a clear message."""

import json
from pathlib import Path

import pytest

from localkube.api.manifests import read
from localkube.errors import UsageError


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kind: List\nitems: {a: b}", "items must be a list"),
        ("kind: List\nitems: [text]", "an item must be an object"),
        ("kind: List\nitems: [{kind: [a]}]", "does not implement the kind"),
        ("- kind: ConfigMap", "a document without kind"),
        ("kind: 5", "a document without kind"),
    ],
)
def test_an_invalid_document_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "a.yaml").write_text(text)

    with pytest.raises(UsageError, match=reason):
        read(str(tmp_path / "a.yaml"))


@pytest.mark.parametrize("text", ["text", "[a]", "resources: {a: b}", "resources: text"])
def test_a_kustomization_without_a_list_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "kustomization.yaml").write_text(text)

    with pytest.raises(UsageError, match="invalid kustomization"):
        read(str(tmp_path))


def test_kustomizations_that_list_each_other_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        listed = {"resources": [f"../{other}"]}
        (tmp_path / name / "kustomization.yaml").write_text(json.dumps(listed))

    with pytest.raises(UsageError, match="cycle detected"):
        read(str(tmp_path / "a"))


def test_one_directory_can_be_listed_twice(tmp_path: Path) -> None:
    for name, listed in (("top", ["../left", "../right"]), ("left", ["../c"]), ("right", ["../c"])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text(json.dumps({"resources": listed}))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "c.yaml").write_text('{"kind": "ConfigMap"}')

    assert len(read(str(tmp_path / "top"))) == 2


def test_a_path_that_the_system_refuses_to_look_at_is_one_line() -> None:
    """As a directory that another user may not search; this one is refused to root as well."""
    with pytest.raises(UsageError, match="File name too long; check the path"):
        read("x" * 300)
