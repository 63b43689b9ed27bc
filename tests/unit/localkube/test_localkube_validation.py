"""localkube refuses what Kubernetes refuses, with its messages, and accepts what it accepts."""

import copy
from typing import Any

import pytest

from invalid_objects import CONTAINER, REFUSED, SOUND, Refused
from localkube.api.admission import REPLICAS, admit
from localkube.api.patches import merge
from localkube.api.validation.data import LIMIT_BYTES
from localkube.api.validation.metadata import ANNOTATIONS_BYTES
from localkube.errors import UsageError


@pytest.mark.parametrize("refused", REFUSED, ids=str)
def test_invalid_objects_are_refused_with_the_message_of_kubernetes(refused: Refused) -> None:
    with pytest.raises(UsageError) as error:
        admit(refused.document, "all.yaml", "default")

    assert refused.words in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def _pod(**fields: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": fields}}}


def _container(**fields: Any) -> dict[str, Any]:
    return _pod(containers=[{**CONTAINER, **fields}])


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("ConfigMap", {}),
        ("ConfigMap", {"data": {".hidden": "", "A_b-c.d": "x"}}),
        ("ConfigMap", {"data": {"a.yaml": "x" * 1024 * 1024}}),
        ("ConfigMap", {"metadata": {"name": "a" * 253}}),
        ("ConfigMap", {"metadata": {"labels": {"example.com/a_b.c": "", "x": "A_1.z"}}}),
        ("Secret", {"data": {"wrapped": "aGVs\nbG8=\n"}}),
        ("Secret", {"type": "kubernetes.io/basic-auth", "stringData": {"username": ""}}),
        ("Service", {"metadata": {"name": "1-begins-with-a-digit"}}),
        ("Service", {"spec": {"type": "", "sessionAffinity": ""}}),
        ("Service", {"spec": {"type": "NodePort", "externalTrafficPolicy": "Local"}}),
        ("Service", {"spec": {"ports": [{"port": 80, "targetPort": 0, "protocol": ""}]}}),
        ("Service", {"spec": {"type": "ExternalName", "externalName": "example.com."}}),
        ("Service", {"spec": {"ports": [{"port": 80, "targetPort": "unknown-name"}]}}),
        ("Deployment", {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}),
        ("Deployment", {"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": "100%"}}}}),
        ("Deployment", _pod(terminationGracePeriodSeconds=-1)),
        ("Deployment", _pod(volumes=[{"name": "config"}])),
        ("Deployment", _container(env=[{"name": "A"}, {"name": "A", "value": "twice"}])),
        ("Deployment", _container(env=[{"name": "with space", "value": "1"}])),
        (
            "Deployment",
            _container(
                env=[
                    {
                        "name": "A",
                        "value": "",
                        "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a/b']"}},
                    }
                ]
            ),
        ),
        ("Deployment", _container(readinessProbe={"tcpSocket": {"port": 1}, "periodSeconds": 0})),
        ("Deployment", _container(volumeMounts=[{"name": "config", "mountPath": "/etc/web/"}])),
        ("Deployment", _container(lifecycle={"preStop": {"sleep": {"seconds": 30}}})),
        ("Deployment", _container(resources={"requests": {"cpu": 0.5}, "limits": {"cpu": "500m"}})),
        ("Deployment", _container(resources={"requests": {"memory": "1Gi"}})),
        (
            "Deployment",
            _container(resources={"requests": {"cpu": "100u"}, "limits": {"cpu": "1n"}}),
        ),
    ],
    ids=str,
)
def test_valid_objects_are_accepted(kind: str, patch: dict[str, Any]) -> None:
    admit(merge(SOUND[kind], patch, strategic=False), "all.yaml", "default")


def _change(kind: str, patch: dict[str, Any], before: dict[str, Any]) -> None:
    old, _ = admit(merge(SOUND[kind], before, strategic=False), "all.yaml", "default")
    admit(merge(copy.deepcopy(old), patch, strategic=False), "patch", "default", old)


@pytest.mark.parametrize(
    ("kind", "before", "patch", "words"),
    [
        (
            "Deployment",
            {},
            {"spec": {"selector": {"matchLabels": {"app": None, "a": "b"}}}},
            'spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable',
        ),
        (
            "ConfigMap",
            {"immutable": True},
            {"data": {"a.yaml": "other"}},
            "data: Forbidden: field is immutable when `immutable` is set",
        ),
        (
            "ConfigMap",
            {"immutable": True},
            {"immutable": None},
            "immutable: Forbidden: field is immutable when `immutable` is set",
        ),
        (
            "Secret",
            {"immutable": True},
            {"stringData": {"more": "x"}},
            "data: Forbidden: field is immutable when `immutable` is set",
        ),
        (
            "Secret",
            {},
            {"type": "example.com/other"},
            'type: Invalid value: "example.com/other": field is immutable',
        ),
    ],
    ids=str,
)
def test_an_immutable_field_cannot_change(
    kind: str, before: dict[str, Any], patch: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError) as error:
        _change(kind, patch, before)

    assert words in str(error.value)


def test_a_former_node_port_service_loses_its_node_port_fields() -> None:
    """kube-apiserver does the same for a patch that contains only the type."""
    node: dict[str, Any] = {"type": "NodePort", "ports": [{"port": 9000, "nodePort": 30080}]}

    _change("Service", {"spec": {"type": "ClusterIP"}}, {"spec": node})


def test_all_problems_of_an_object_are_one_line() -> None:
    wrong = merge(SOUND["ConfigMap"], {"data": {"a/b": "", "\n": ""}}, strategic=False)
    both = r'^x: The ConfigMap "web" is invalid: \[data\[a/b\].*, data\[\\n\].*\]$'

    with pytest.raises(UsageError, match=both):
        admit(wrong, "x", "default")


def test_null_in_a_map_of_strings_is_an_empty_string() -> None:
    admitted, _ = admit(
        merge(SOUND["ConfigMap"], {}, strategic=False) | {"data": {"a": None}}, "x", "default"
    )

    assert admitted["data"] == {"a": ""}


def _too_much(kind: str, field: str) -> dict[str, Any]:
    found: dict[str, Any] = merge(
        SOUND[kind], {field: {"a": "x" * (LIMIT_BYTES + 1)}}, strategic=False
    )
    return found


@pytest.mark.bound("localkube-data")
@pytest.mark.parametrize(("kind", "field"), [("ConfigMap", "data"), ("Secret", "stringData")])
def test_the_data_of_an_object_are_bounded(kind: str, field: str) -> None:
    with pytest.raises(UsageError, match=f"Too long: may not be more than {LIMIT_BYTES} bytes"):
        admit(_too_much(kind, field), "x", "default")


@pytest.mark.bound("localkube-replicas")
def test_the_replicas_of_a_deployment_are_bounded() -> None:
    many = merge(SOUND["Deployment"], {"spec": {"replicas": REPLICAS + 1}}, strategic=False)

    with pytest.raises(
        UsageError, match=f"spec.replicas: {REPLICAS + 1} is more than .* {REPLICAS}"
    ):
        admit(many, "x", "default")


@pytest.mark.bound("localkube-annotations")
def test_the_annotations_of_an_object_are_bounded() -> None:
    annotations = {"metadata": {"annotations": {"a": "x" * ANNOTATIONS_BYTES}}}

    with pytest.raises(UsageError, match=r"metadata\.annotations: Too long"):
        admit(merge(SOUND["Service"], annotations, strategic=False), "x", "default")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            {
                "apiVersion": "policy/v1beta1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": "a"},
            },
            'no matches for kind "PodDisruptionBudget" in version "policy/v1beta1"',
        ),
        (
            {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "A_b"}},
            'The PodDisruptionBudget "A_b" is invalid: metadata.name: Invalid value: "A_b": a',
        ),
        (
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"name": "a", "labels": {"a b": "c"}},
            },
            'metadata.labels: Invalid value: "a b": name part must consist of',
        ),
        (
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": "a/b"},
            },
            "metadata.name: Invalid value: \"a/b\": may not contain '/'",
        ),
        (
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {}},
            "metadata.name: Required value: name or generateName is required",
        ),
    ],
    ids=str,
)
def test_the_metadata_of_a_kind_without_effect_are_validated(
    document: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError) as error:
        admit(document, "x", "default")

    assert words in str(error.value)


def test_the_spec_of_a_kind_without_effect_is_not_checked() -> None:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "system:suite", "finalizers": ["a/b"]},
        "rules": [{"apiGroups": [""], "resources": ["services"], "verbs": ["list"]}],
    }

    assert admit(role, "x", "default")[1] == {"ClusterRole"}
