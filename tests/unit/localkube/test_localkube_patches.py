import pytest

from localkube.errors import UsageError
from localkube.patches import patched, three_way

WEB = {"name": "web", "image": "a", "env": [{"name": "A", "value": "1"}]}
POD = {"spec": {"containers": [WEB, {"name": "side", "image": "b"}]}}


def test_a_merge_patch_replaces_lists_whole_and_null_removes() -> None:
    """RFC 7396."""
    document = {"a": [1, 2], "b": {"c": 1, "d": 2}}

    assert patched(document, {"a": [3], "b": {"c": None}}, "merge") == {"a": [3], "b": {"d": 2}}
    assert document == {"a": [1, 2], "b": {"c": 1, "d": 2}}


def test_a_strategic_patch_merges_containers_and_env_by_name() -> None:
    patch = {"spec": {"containers": [{"name": "web", "env": [{"name": "B", "value": "2"}]}]}}

    containers = patched(POD, patch, "strategic")["spec"]["containers"]

    assert [c["name"] for c in containers] == ["web", "side"]
    assert containers[0]["image"] == "a"
    assert [e["name"] for e in containers[0]["env"]] == ["A", "B"]


def test_strategic_directives_delete_and_replace() -> None:
    delete = {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}
    replace = {"spec": {"$patch": "replace", "x": 1}}

    assert [c["name"] for c in patched(POD, delete, "strategic")["spec"]["containers"]] == ["web"]
    assert patched(POD, replace, "strategic") == {"spec": {"x": 1}}


def test_a_json_patch_adds_replaces_and_removes() -> None:
    """RFC 6902; `~1` is a slash in a key."""
    document = {"metadata": {"annotations": {"a/b": "1"}}, "list": [1, 3]}
    operations = [
        {"op": "test", "path": "/list/0", "value": 1},
        {"op": "replace", "path": "/metadata/annotations/a~1b", "value": "2"},
        {"op": "add", "path": "/list/1", "value": 2},
        {"op": "add", "path": "/list/-", "value": 4},
        {"op": "remove", "path": "/list/0"},
    ]

    changed = patched(document, operations, "json")

    assert changed == {"metadata": {"annotations": {"a/b": "2"}}, "list": [2, 3, 4]}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "remove", "path": "/list/7"},
        {"op": "test", "path": "/list/0", "value": 2},
        {"op": "move", "path": "/list/0"},
        {"path": "/list/0"},
    ],
)
def test_a_json_patch_that_does_not_fit_changes_nothing(operation: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        patched({"list": [1]}, [operation], "json")


def test_apply_keeps_what_others_added_and_drops_what_the_file_dropped() -> None:
    last = {"spec": {"replicas": 1, "paused": True, "containers": [{"name": "a"}, {"name": "b"}]}}
    live = {
        "metadata": {"annotations": {"suite/previous": "x"}},
        "spec": {**last["spec"], "containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
    }
    new = {"spec": {"replicas": 2, "containers": [{"name": "a", "image": "i"}]}}

    assert three_way(last, new, live) == {
        "metadata": {"annotations": {"suite/previous": "x"}},
        "spec": {"replicas": 2, "containers": [{"name": "a", "image": "i"}, {"name": "c"}]},
    }
