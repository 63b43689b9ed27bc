"""What is restored after a chapter or scenario, and in which order."""

import copy
from typing import Any

from story.restored import RESTARTED, changes

Object = dict[str, Any]


def _object(kind: str, **parts: Any) -> Object:
    metadata = {"name": "web", "namespace": "ns-app", "resourceVersion": "1"}
    return {"kind": kind, "metadata": metadata, **copy.deepcopy(parts)}


def _deployment(replicas: int = 3, annotations: dict[str, str] | None = None) -> Object:
    env = [{"name": "A", "value": "1"}]
    template: Object = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"env": env}]},
    }
    if annotations:
        template["metadata"]["annotations"] = annotations
    return _object("Deployment", spec={"replicas": replicas, "template": template})


def _restoring(before: list[Object], now: list[Object]) -> list[tuple[str, Any]]:
    def named(documents: list[Object]) -> dict[tuple[str, str, str], Object]:
        return {(one["kind"], "ns-app", one["metadata"]["name"]): one for one in documents}

    found = changes(named(before), named(now))
    return [(str(change), change.patch or change.document) for change in found]


def test_an_unchanged_object_is_not_restored() -> None:
    later = _deployment()
    later["metadata"] |= {"resourceVersion": "9", "annotations": {"revision": "2"}}
    later["status"] = {"replicas": 1}

    assert _restoring([_deployment()], [later]) == []


def test_a_rollout_is_not_rolled_back() -> None:
    restarted = _deployment(annotations={RESTARTED: "2030-01-01"})

    assert _restoring([_deployment()], [restarted]) == []
    assert _restoring([restarted], [_deployment(annotations={RESTARTED: "2031-01-01"})]) == []


def test_replicas_variables_and_annotations_are_restored() -> None:
    changed = _deployment(5, {"note": "x", RESTARTED: "2030-01-01"})
    containers = changed["spec"]["template"]["spec"]["containers"]
    containers[0]["env"].append({"name": "FAULT", "value": "1"})

    ((name, patch),) = _restoring([_deployment()], [changed])

    assert name == "Deployment ns-app/web"
    assert patch["spec"]["replicas"] == 3
    assert patch["spec"]["template"]["spec"] == _deployment()["spec"]["template"]["spec"]
    assert patch["spec"]["template"]["metadata"] == {"annotations": {"note": None}}


def test_an_added_annotation_is_removed_and_the_one_of_a_rollout_remains() -> None:
    before = _deployment(annotations={"old": "y"})
    changed = _deployment(annotations={"old": "y", "note": "x", RESTARTED: "2030-01-01"})

    ((_, patch),) = _restoring([before], [changed])

    assert patch["spec"]["template"]["metadata"] == {"annotations": {"note": None}}


def test_an_added_selector_and_added_keys_are_removed() -> None:
    service = _object("Service", spec={"selector": {"app": "web"}})
    switched = _object("Service", spec={"selector": {"app": "web", "version": "v2"}})
    config = _object("ConfigMap", data={"a": "1"})
    edited = _object("ConfigMap", data={"a": "2", "b": "3"})

    assert _restoring([service, config], [switched, edited]) == [
        ("Service ns-app/web", {"spec": {"selector": {"version": None}}}),
        ("ConfigMap ns-app/web", {"data": {"a": "1", "b": None}}),
    ]


def test_an_added_autoscaler_is_removed_before_replicas_are_restored() -> None:
    scaler = _object("HorizontalPodAutoscaler", spec={"minReplicas": 2})

    restoring = _restoring([_deployment(2)], [_deployment(4), scaler])

    assert restoring == [
        ("HorizontalPodAutoscaler ns-app/web", None),
        ("Deployment ns-app/web", {"spec": {"replicas": 2}}),
    ]


def test_a_deleted_object_is_created_again() -> None:
    config = _object("ConfigMap", data={"a": "1"})

    assert _restoring([config], []) == [("ConfigMap ns-app/web", config)]
