"""What a page's command means beside services that the page does not know."""

import pytest

import sample_services
from sample_services import VERSIONED, meant, needs_versions
from suitectl.catalogue import apis

pytestmark = needs_versions


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("make canary V1=1 V2=4", "make canary SERVICE={} V1=1 V2=4"),
        ("make traffic", "make traffic SERVICE={}"),
        ("make rollback SERVICE=orders", "make rollback SERVICE=orders"),
        ("make call PATH=/greeting", "make call PATH=/greeting"),
    ],
)
def test_a_release_names_its_service_where_another_one_has_versions(
    command: str, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = [VERSIONED, *(one for one in apis() if not one.versions)]
    monkeypatch.setattr(sample_services, "apis", lambda: alone)
    assert meant(command) == command
    monkeypatch.setattr(sample_services, "apis", lambda: [VERSIONED, VERSIONED])
    assert meant(command) == read.format(VERSIONED.name)
