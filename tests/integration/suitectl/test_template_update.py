"""A service follows later versions of the template, and keeps what its owner edited."""

import sys
from pathlib import Path

import pytest
import yaml

from clone import Clone, clone

NAME = "parcel-desk"
ANSWERS = f"services/{NAME}/.copier-answers.yml"
TEMPLATE = Path("libs/template/k8s/base/{{ name }}/configmap.yaml.jinja")
MADE = Path(f"k8s/base/{NAME}/configmap.yaml")
OLD, NEW = "            mode: event\n", "            mode: event\n            period: 15000\n"
GREETING, OWN = f"message: Hello from {NAME}", "message: Every parcel has its place"


@pytest.mark.parametrize("tags", [("v1.0.0", "v1.1.0"), ("", "")], ids=["tagged", "untagged"])
def test_an_update_brings_the_template_and_keeps_the_edit(
    tmp_path: Path, tags: tuple[str, str]
) -> None:
    checkout = clone(tmp_path)
    checkout.commit("The older template", tag=tags[0])
    ran = checkout.suitectl("new-service", f"--name={NAME}")
    assert ran.returncode == 0, ran.stderr
    _replace(checkout.root / MADE, GREETING, OWN)
    checkout.commit("A service, and an edit of its owner")
    before = _version(checkout)
    _replace(checkout.root / TEMPLATE, OLD, NEW)
    checkout.commit("The newer template", tag=tags[1])

    copier = str(Path(sys.executable).with_name("copier"))
    options = ("--quiet", "--defaults", "--vcs-ref=HEAD", "--answers-file", ANSWERS)
    checkout.done(copier, "update", *options)

    text = (checkout.root / MADE).read_text()
    assert NEW in text
    assert OWN in text
    assert _changed(checkout) == {str(MADE), ANSWERS}
    assert tags == ("", "") or (before, _version(checkout)) == tags
    assert before != _version(checkout)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def _version(checkout: Clone) -> str:
    """Return the version of the template that a service was last rendered from."""
    return str(yaml.safe_load((checkout.root / ANSWERS).read_text())["_commit"])


def _changed(checkout: Clone) -> set[str]:
    return {line[3:] for line in checkout.changed().splitlines()}
