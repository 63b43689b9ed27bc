"""Merge patches and strategic ones."""

from localkube.api.patches import merge

WEB = {"name": "web", "image": "a", "env": [{"name": "A", "value": "1"}]}
POD = {"spec": {"containers": [WEB, {"name": "side", "image": "b"}]}}


def test_a_merge_patch_replaces_lists_and_null_removes() -> None:
    """RFC 7396."""
    document = {"a": [1, 2], "b": {"c": 1, "d": 2}}

    assert merge(document, {"a": [3], "b": {"c": None}}, strategic=False) == {
        "a": [3],
        "b": {"d": 2},
    }
    assert document == {"a": [1, 2], "b": {"c": 1, "d": 2}}


def test_a_strategic_patch_merges_containers_and_env_by_name() -> None:
    patch = {"spec": {"containers": [{"name": "web", "env": [{"name": "B", "value": "2"}]}]}}

    containers = merge(POD, patch, strategic=True)["spec"]["containers"]

    assert [c["name"] for c in containers] == ["web", "side"]
    assert containers[0]["image"] == "a"
    assert [e["name"] for e in containers[0]["env"]] == ["A", "B"]
