"""Bad input: one clear line names the file or object and the remedy, and nothing starts."""

import json
from typing import Any

import pytest

from integration.localkube.kit import (
    Localkube,
    Result,
    deployment,
    processes_of,
    service,
)


def _one_line(result: Result, code: int, *parts: str) -> None:
    assert result.code == code, result.err
    assert len(result.err.strip().splitlines()) == 1, result.err
    for part in parts:
        assert part in result.err


def _with(field: str, value: Any) -> dict[str, Any]:
    document = deployment()
    document["spec"]["template"]["spec"]["containers"][0][field] = value
    return document


CONTAINER = "spec.template.spec.containers[0]"


@pytest.mark.parametrize(
    ("document", "parts"),
    [
        ({"kind": "StatefulSet", "metadata": {"name": "db"}}, ["StatefulSet db", "not implement"]),
        ({"kind": "Widget", "metadata": {"name": "w"}}, ["Widget w", "not implement"]),
        ({"metadata": {"name": "w"}}, ["without kind"]),
        (_with("stdin", value=True), ["Deployment web", f"{CONTAINER}.stdin"]),
        (_with("enviroment", []), [f"{CONTAINER}.enviroment"]),
        (_with("livenessProb", {}), ["did you mean livenessProbe?"]),
        (_with("env", [{"name": "A", "value": 1}]), [f"{CONTAINER}.env[0].value", "in quotes"]),
        (_with("readinessProbe", {"httpGet": {"port": "nope"}}), ["no port", "'nope'"]),
        (_with("readinessProbe", {"periodSeconds": 1}), ["must specify a handler type"]),
        (
            _with("volumeMounts", [{"name": "x", "mountPath": "/x"}]),
            ['volumeMounts[0].name: Not found: "x"'],
        ),
        (
            _with("volumeMounts", [{"name": "x", "mountPath": "/x", "subPath": "y"}]),
            ["subPath", "mount the directory"],
        ),
        (_with("image", "unknown:1"), ["image unknown:1", "add images.unknown.command"]),
        (_with("command", ["no-such-program"]), ["'no-such-program' not found"]),
        (
            deployment(spec={"replicas": -1}),
            ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
        ),
        (deployment(spec={"selector": {"matchLabels": {"app": "x"}}}), ["does not match"]),
        (service(clusterIP="None"), ["spec.clusterIP"]),
        (service(type="LoadBalancer"), ['Unsupported value: "LoadBalancer"']),
        ({**deployment(), "metadata": {"name": "web", "namespace": "gone"}}, ["namespace gone"]),
        ("a: [b", ["all.yaml:", "not valid YAML"]),
    ],
    ids=str,
)
def test_a_manifest_that_is_not_implemented_is_refused(
    localkube: Localkube, document: Any, parts: list[str]
) -> None:
    result = localkube.up(document)

    _one_line(result, 2, "all.yaml", *parts)
    assert processes_of(localkube.state) == []


def test_missing_files_are_named(localkube: Localkube) -> None:
    _one_line(localkube.run("up", "nowhere"), 2, "nowhere", "No such file")
    localkube.write(deployment())
    missing = localkube.run("up", str(localkube.manifests), "--config", "gone.yaml")
    _one_line(missing, 2, "gone.yaml", "No such file")


def test_kustomize_resources_are_read_and_other_fields_refused(localkube: Localkube) -> None:
    base = localkube.directory / "base"
    (base / "web").mkdir(parents=True)
    (base / "kustomization.yaml").write_text("resources: [web]\n")
    (base / "web" / "kustomization.yaml").write_text("kind: Kustomization\nresources: [d.yaml]\n")
    (base / "web" / "d.yaml").write_text(json.dumps(deployment(replicas=0)))
    (base / "web" / "ignored.yaml").write_text("not: listed")
    config = str(localkube.directory / "localkube.yaml")
    assert localkube.run("up", str(base), "--config", config).code == 0
    localkube.ok("down")

    (base / "kustomization.yaml").write_text("resources: [web]\npatches: []\n")
    refused = localkube.run("up", str(base), "--config", config)
    _one_line(refused, 2, "'patches'", f"kubectl kustomize {base} | ./localkube apply -f -")


def test_many_names_without_effect_fit_a_line(localkube: Localkube) -> None:
    named = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "serviceAccountName": "web",
        "topologySpreadConstraints": [],
    }
    web = deployment(container={"resources": {}, "imagePullPolicy": "Always"})
    web["spec"]["template"]["spec"] |= named
    result = localkube.up(web)
    assert result.code == 0, result.err
    lines = [line for line in result.err.splitlines() if "no effect here" in line]
    assert len(lines) == 1
    assert len(lines[0]) <= 80
    assert lines[0].endswith(" more")


def test_fields_without_effect_are_named_once(localkube: Localkube) -> None:
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}}
    resources = {"resources": {"limits": {"cpu": "1"}}, "securityContext": {}}

    result = localkube.up(
        budget, deployment(container=resources), deployment("b", container=resources)
    )

    assert result.code == 0
    lines = [line for line in result.err.splitlines() if "no effect here" in line]
    assert lines == ["no effect here: PodDisruptionBudget, resources, securityContext"]


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["scale", "deployment/nope", "--replicas=2"], 1, ["Deployment default/nope not found"]),
        (["patch", "svc", "nope", "-p", "{}"], 1, ["Service default/nope not found"]),
        (["scale", "deployment/web", "--replicas=x"], 2, ["--replicas"]),
        (["scale", "deployment/web", "--replicas=-2"], 2, ["spec.replicas"]),
        (["patch", "deployment", "web", "-p", "{"], 2, ["-p", "not valid YAML"]),
        (["patch", "deployment", "web", "-p", "[]"], 2, ["a patch is an object"]),
        (["patch", "deployment", "web", "-p", '{"spec": {"replica": 2}}'], 2, ["replicas?"]),
        (["patch", "deploy", "web", "-p", '{"metadata": {"name": "x"}}'], 2, ["cannot change"]),
        (["patch", "po", "x", "-p", "{}"], 1, ["Pod default/x not found"]),
        (["get", "gizmos"], 2, ["unknown kind 'gizmos'"]),
        (["get", "pods", "-l", "a b"], 2, ["selector"]),
        (["logs", "nope"], 1, ["Pod default/nope not found"]),
        (["rollout", "status", "pod/x"], 2, ["name a deployment"]),
        (["delete", "pods"], 2, ["name what to delete"]),
        (["delete", "ns", "default"], 2, ['namespaces "default" is forbidden']),
        (["patch", "deployment", "web", "-p", "[" * 100_000], 2, ["exceeded max depth"]),
        (["patch", "svc", "web", "-p", '{"a": "\\ud800"}'], 2, ["half of a surrogate pair"]),
        (
            ["frobnicate"],
            2,
            ['unknown command "frobnicate", the nearest is ', "there are up, down,"],
        ),
        (["get", "pods", "-n", "x", "--frob"], 2, ["--frob"]),
    ],
    ids=str,
)
def test_an_invalid_command_is_reported_in_one_line(
    shared: Localkube, arguments: list[str], code: int, parts: list[str]
) -> None:
    _one_line(shared.run(*arguments), code, *parts)


def test_the_error_names_the_namespace_of_a_missing_object(shared: Localkube) -> None:
    result = shared.run("get", "deployment", "web", "-n", "other")

    _one_line(result, 1, "not found; it is in namespace default (-n default)")


def test_an_optional_deployment_is_left_out_without_its_program(localkube: Localkube) -> None:
    config = localkube.directory / "localkube.yaml"
    optional = "optional: {label: language, because: its compiler is missing}\n"
    config.write_text(f"{config.read_text()}  rust: {{command: [nowhere, '{{port}}']}}\n{optional}")
    labelled = deployment("rust", image="rust:1", replicas=0)
    labelled["metadata"]["labels"] = {"language": "rust"}

    result = localkube.up(deployment(replicas=0), labelled)

    assert result.code == 0, result.err
    lines = [line for line in result.err.splitlines() if "left out" in line]
    assert lines == ["left out: rust, its compiler is missing"]
    assert "rust" not in localkube.ok("get", "deployments")
    del labelled["metadata"]["labels"]
    refused = localkube.run("apply", "-f", "-", stdin=json.dumps(labelled))
    _one_line(refused, 2, "program 'nowhere' not found")
