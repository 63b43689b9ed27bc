"""A name that would break a manifest, an image or a tool is refused in one line."""

from pathlib import Path

import pytest

from suitectl.catalogue import Service, apis
from suitectl.errors import CommandFailedError
from suitectl.scaffold import names
from suitectl.scaffold.collisions import check_objects
from suitectl.scaffold.names import LONGEST_NAME, check_name, check_namespace
from suitectl.scaffold.render import tidy

API = apis()[0]


@pytest.mark.parametrize("word", ["y", "n", "on", "off", "yes", "no", "true", "false", "null"])
def test_no_name_and_no_namespace_is_a_word_that_is_no_string_in_yaml(word: str) -> None:
    with pytest.raises(CommandFailedError, match=f"^NAME={word}: is not a string in YAML"):
        check_name(word)
    with pytest.raises(CommandFailedError, match=f"^NAMESPACE={word}: is not a string in YAML"):
        check_namespace(word)


@pytest.mark.parametrize("name", ["on-call", "yes-please", "filter", "request", "d" * LONGEST_NAME])
def test_words_that_only_contain_one_and_words_of_the_tests_are_names(name: str) -> None:
    check_name(name)
    check_namespace(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("d" * (LONGEST_NAME + 1), f"is too long; use up to {LONGEST_NAME} characters"),
        ("desk.1", "is no DNS label"),
        ("service", "its image has this name"),
        ("bin", "its image has this name"),
        ("sha256sum", "its image has this name"),
        ("dist", "leave such folders out"),
        ("node-modules", "leave such folders out"),
        ("default", "each namespace has a ServiceAccount"),
        ("test-service-names", "an installed package"),
        (API.name.replace("-", "--"), "is taken"),
    ],
)
def test_other_names_are_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(CommandFailedError, match=f"^NAME={name}: .*{reason}"):
        check_name(name)


@pytest.mark.parametrize("name", ["default", "kube-system"])
def test_a_namespace_of_the_cluster_is_refused(name: str) -> None:
    with pytest.raises(CommandFailedError, match=f"^NAMESPACE={name}: is the cluster's own"):
        check_namespace(name)


def test_a_namespace_may_start_as_one_of_the_cluster() -> None:
    check_namespace("default-apps")


DEPLOYMENT = next(iter(API.deployments.values()))


def test_no_object_has_the_name_of_another_one() -> None:
    with pytest.raises(CommandFailedError, match=f"^NAME=desk: there is a Deployment {DEPLOYMENT}"):
        check_objects(_desk("Deployment", API.namespace))


@pytest.mark.parametrize(
    ("kind", "namespace"), [("Deployment", "ns-desks"), ("ConfigMap", API.namespace)]
)
def test_its_name_is_free_in_another_namespace_and_for_another_kind(
    kind: str, namespace: str
) -> None:
    check_objects(_desk(kind, namespace))


def _desk(kind: str, namespace: str) -> Service:
    """Return a service with one object, which has the name of another service's Deployment."""
    metadata = {"name": DEPLOYMENT, "namespace": namespace}
    return Service("desk", ({"kind": kind, "metadata": metadata},))


def test_a_folder_with_nothing_but_byte_code_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("services/desk/src/desk", "k8s/base/desk", "tests/unit/desk"):
        (tmp_path / folder / "__pycache__").mkdir(parents=True)
        (tmp_path / folder / "__pycache__/app.pyc").touch()
    monkeypatch.setattr(names, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "services/desk/src")
    check_name("desk")
    (tmp_path / "services/desk/src/desk/app.py").touch()
    with pytest.raises(CommandFailedError, match="is taken"):
        check_name("desk")


@pytest.mark.anyio
async def test_what_ruff_finds_is_said_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "api.py").write_text("def call(client, client): ...\n")
    with pytest.raises(CommandFailedError, match=r"^ruff: .*api\.py:1:\d+: .*client"):
        await tidy(tmp_path)
