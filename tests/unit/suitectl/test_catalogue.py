"""Services are known by their folders, and commands name what there is in one line."""

from collections.abc import Callable

import pytest

from service_apps import programs
from suitectl import catalogue
from suitectl.catalogue import Service, services
from suitectl.errors import CommandFailedError
from suitectl.root import ROOT

Choice = Callable[[str | None], Service]


def _service(name: str, *versions: str, node_port: bool = False) -> Service:
    labels = {"suite/service": "true", "suite/api": "true"}
    outside = {"suite/node-port": "true"} if node_port else {}
    service = {"kind": "Service", "metadata": {"name": f"{name}-service", "labels": outside}}
    deployments = [
        {"kind": "Deployment", "metadata": {"name": f"{name}-{v}", "labels": labels | _of(v)}}
        for v in versions or ("",)
    ]
    return Service(name, (service, *deployments))


def _of(version: str) -> dict[str, str]:
    return {"version": version} if version else {}


def _have(monkeypatch: pytest.MonkeyPatch, *found: Service) -> None:
    monkeypatch.setattr(catalogue, "services", lambda: {service.name: service for service in found})


def test_every_package_is_deployed_and_every_deployment_is_a_package() -> None:
    assert programs(ROOT) == set(services())


def test_one_service_issues_the_tokens_that_all_others_take() -> None:
    registered = catalogue.registrations()["clients"]
    assert set(services().values()) - set(catalogue.apis()) == {catalogue.token_service()}
    for service in catalogue.apis():
        assert service.resource_id == service.name
        assert service.client_id in registered
        assert service.credentials is not None


@pytest.mark.parametrize(
    ("choice", "service", "reason"),
    [
        (catalogue.versioned_service, None, "SERVICE is missing; with versions there are: a, b"),
        (catalogue.versioned_service, "c", "SERVICE=c: has no versions; those that have: a, b"),
        (
            catalogue.versioned_service,
            "d",
            "SERVICE=d: no such service, nearest is c; there are: a, b, c",
        ),
        (catalogue.called_service, None, "SERVICE is missing; there are: a, b, c"),
    ],
)
def test_a_choice_is_left_to_the_caller(
    monkeypatch: pytest.MonkeyPatch, choice: Choice, service: str | None, reason: str
) -> None:
    _have(monkeypatch, _service("a", "v1", "v2"), _service("b", "v1"), _service("c"))
    with pytest.raises(CommandFailedError) as raised:
        choice(service)
    assert str(raised.value) == reason


def test_the_only_one_need_not_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    versioned, outside = _service("a", "v1", "v2"), _service("b", node_port=True)
    _have(monkeypatch, versioned, outside)
    assert catalogue.versioned_service(None) is versioned
    assert catalogue.called_service(None) is outside
    assert catalogue.called_service("a") is versioned


def test_what_a_release_needs_of_a_service_is_asked_for_in_one_line() -> None:
    service = _service("a", "v1")
    with pytest.raises(CommandFailedError, match="a has no Service labelled suite/preview"):
        _ = service.preview
    with pytest.raises(CommandFailedError, match="Service a-service has no annotation"):
        service.annotation(catalogue.VERSION_PATH)
