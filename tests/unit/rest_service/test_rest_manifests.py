"""The names and ports that people type already."""

from suitectl.catalogue import services

SERVICE = services()["rest-service"]


def test_the_names_and_ports_are_those_of_the_seed() -> None:
    assert SERVICE.address == ("rest-service-service", "system-server")
    assert dict(SERVICE.deployments) == {"": "rest-service-deployment"}
    ports = [(port["name"], port["port"]) for port in SERVICE.main["spec"]["ports"]]
    assert ports == [("rest-svc", 2001), ("http", 80)]
    assert SERVICE.main["spec"]["ports"][0]["nodePort"] == 32001
