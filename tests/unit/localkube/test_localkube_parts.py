"""Small parts: back-off, balancing, images, tables of names, hashes."""

import pytest

from localkube.api.objects import Ref
from localkube.api.yaml_writer import to_yaml
from localkube.engine.controller import back_off
from localkube.engine.deployments import template_hash
from localkube.engine.events import LIMIT, Events
from localkube.engine.network.balancer import CLIENTS, Balancer, Endpoint
from localkube.engine.pods.environment import expand, with_platform_profile
from localkube.engine.store import Store
from localkube.errors import LocalkubeError, UsageError
from localkube.images import fill_in, repository
from localkube.verbs.curl import resolve
from localkube.verbs.resource_arguments import parse_resource, parse_resources

ENDPOINTS = (Endpoint("127.0.0.1", 1), Endpoint("127.0.0.1", 2))


@pytest.mark.bound("localkube-back-off")
def test_back_off_starts_at_zero_and_doubles_to_a_limit() -> None:
    assert [back_off(crashes) for crashes in range(1, 6)] == [0, 1, 2, 4, 8]
    assert back_off(30) == 300


@pytest.mark.bound("localkube-affinity")
def test_affinity_remembers_a_bounded_number_of_clients() -> None:
    balancer = Balancer(ENDPOINTS, affinity_s=100)
    for number in range(CLIENTS + 50):
        balancer.choose(str(number))

    assert len(balancer._clients) == CLIENTS


def test_affinity_moves_when_its_pod_ends() -> None:
    balancer = Balancer(ENDPOINTS, affinity_s=100)
    first = balancer.choose("client")
    balancer.endpoints = tuple(e for e in ENDPOINTS if e != first)

    assert balancer.choose("client") == balancer.endpoints[0]
    balancer.endpoints = ()
    assert balancer.choose("client") is None


@pytest.mark.parametrize(
    "image",
    [
        "redis",
        "redis:7",
        "docker.io/library/redis:7",
        "localhost:5000/redis@sha256:ab",
        "r.io/redis",
    ],
)
def test_images_match_by_repository_name(image: str) -> None:
    assert repository(image) == "redis"


def test_placeholders_are_filled_in_and_other_braces_are_unchanged() -> None:
    ports = {"": 2000, "management": 12000}

    assert fill_in("{ip}:{port}/{port:management}/{x}", "127.1.2.3", ports.__getitem__) == (
        "127.1.2.3:2000/12000/{x}"
    )


def test_variables_are_expanded_and_double_dollars_are_escapes() -> None:
    assert expand("$(A) $$(A) $(B) $A", {"A": "1"}) == "1 $(A) $(B) $A"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"PROFILES_ACTIVE": "kubernetes"}),
        ({"PROFILES_ACTIVE": "dev"}, {"PROFILES_ACTIVE": "kubernetes,dev"}),
        ({"PROFILES_ACTIVE": "kubernetes,a"}, {"PROFILES_ACTIVE": "kubernetes,a"}),
        ({"SPRING_PROFILES_ACTIVE": "p"}, {"SPRING_PROFILES_ACTIVE": "kubernetes,p"}),
    ],
)
def test_the_platform_profile_is_first(given: dict[str, str], expected: dict[str, str]) -> None:
    assert with_platform_profile(given) == expected


def test_service_names_resolve_as_dns_would() -> None:
    entries = {"a.one:80": "1:1", "a.two:80": "2:2", "b.one:80": "3:3", "b.one:90": "4:4"}

    assert resolve("b", 80, entries) == "3:3"
    assert resolve("b.one", 90, entries) == "4:4"
    assert resolve("a.two.svc.cluster.local", 80, entries) == "2:2"
    with pytest.raises(LocalkubeError, match=r"several namespaces: a\.one:80, a\.two:80"):
        resolve("a", 80, entries)
    with pytest.raises(LocalkubeError, match="no Service b with port 443"):
        resolve("b", 443, entries)


@pytest.mark.bound("localkube-events")
def test_events_are_bounded_and_the_least_recent_is_removed_first() -> None:
    store = Store()
    events = Events(store)
    for number in range(LIMIT + 50):
        events.record(Ref("Pod", "default", f"pod-{number}"), "Started", "it began")

    stored = [event["involvedObject"]["name"] for event in store.list("Event")]
    assert sorted(stored) == sorted(f"pod-{number}" for number in range(50, LIMIT + 50))


def test_equal_templates_have_equal_hashes() -> None:
    assert template_hash({"a": 1, "b": 2}) == template_hash({"b": 2, "a": 1})
    assert template_hash({"a": 1}) != template_hash({"a": 2})
    assert len(template_hash({})) == 10


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["deployment/x"], [("Deployment", ("x",))]),
        (["deploy", "x", "y"], [("Deployment", ("x", "y"))]),
        (["po,svc"], [("Pod", ()), ("Service", ())]),
        (["deployments.apps", "x"], [("Deployment", ("x",))]),
        (["svc/a", "pod/b"], [("Service", ("a",)), ("Pod", ("b",))]),
    ],
)
def test_objects_are_named_as_for_kubectl(
    words: list[str], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert [(kind.name, names) for kind, names in parse_resources(words)] == expected


@pytest.mark.parametrize("words", [[], ["pods"], ["pod", "a", "b"], ["pod/"]])
def test_one_object_must_be_named(words: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_resource(words)


def test_yaml_has_literal_blocks_and_unfolded_lines() -> None:
    text = "greeting:\n  message: " + "word " * 40 + "end\n"

    written = to_yaml({"data": {"application.yaml": text}})

    assert "application.yaml: |\n" in written
    assert "word word end\n" in written
