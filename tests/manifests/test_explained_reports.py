"""`make check-manifests` fails on unexplained reports and on explanations without a report."""

import pytest

from checkers.explained import PAGE, SCOPES, Explanation, disagreements, explanations
from checkers.reports import Finding
from manifests.suite_manifests import K8S, Manifests

EXPLAINED = Explanation("checkov", "CKV_1", "overlay `dev`", "why not")
IN_FILE = Explanation("checkov", "CKV_2", "`Dockerfile`", "why not")


def found(rule: str, where: str) -> Finding:
    return Finding(checker="checkov", rule=rule, where=where, what="a pod")


def disagreeing(base: Manifests, *findings: Finding) -> list[str]:
    rendered = {"dev": base, "prod": base}
    return list(disagreements(findings, [EXPLAINED, IN_FILE], rendered))


def test_an_explained_report_is_not_a_disagreement(base: Manifests) -> None:
    assert disagreeing(base, found("CKV_1", "dev"), found("CKV_2", "Dockerfile")) == []


@pytest.mark.parametrize(
    "another", [found("CKV_1", "prod"), found("CKV_2", "dev"), found("CKV_3", "Dockerfile")]
)
def test_a_report_without_explanation_is_named(base: Manifests, another: Finding) -> None:
    expected = f"checkov {another.rule} in {another.where}: a pod"
    assert disagreeing(base, found("CKV_1", "dev"), found("CKV_2", "Dockerfile"), another) == [
        expected
    ]


def test_an_explanation_without_a_report_is_named(base: Manifests) -> None:
    (line,) = disagreeing(base, found("CKV_1", "dev"))
    assert line == "manifests.md explains checkov CKV_2 `Dockerfile`: not reported"


def test_the_page_explains_each_report_once_at_an_existing_place() -> None:
    listed = explanations(PAGE.read_text())
    files = {f"`{path.name}`" for path in (*K8S.rglob("*.yaml"), K8S.parent / "docker/Dockerfile")}
    assert len(listed) == PAGE.read_text().count("\n| checkov | `")
    assert len({(one.rule, one.where) for one in listed}) == len(listed)
    assert {one.where for one in listed} <= SCOPES.keys() | files
