"""The names and ports that people type already, and a greeting for each profile."""

import pytest

from service_apps import configured
from suitectl.catalogue import services

SERVICE = services()["rest-service"]


def test_the_names_and_ports_are_those_of_the_seed() -> None:
    assert SERVICE.address == ("rest-service-service", "system-server")
    assert dict(SERVICE.deployments) == {"": "rest-service-deployment"}
    ports = [(port["name"], port["port"]) for port in SERVICE.main["spec"]["ports"]]
    assert ports == [("rest-svc", 2001), ("http", 80)]
    assert SERVICE.main["spec"]["ports"][0]["nodePort"] == 32001


@pytest.mark.parametrize(
    ("profile", "greeting"),
    [
        ("dev", "Hello from dev"),
        ("test", "Hello from test"),
        ("prod", "Hello from prod"),
        ("kubernetes", "Hello from everywhere"),
    ],
)
def test_each_profile_has_its_greeting(profile: str, greeting: str) -> None:
    settings = configured(SERVICE.name, profiles=(profile,)).settings
    assert settings.greeting.message == greeting
