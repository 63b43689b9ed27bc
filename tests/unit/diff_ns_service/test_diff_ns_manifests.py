"""The names and ports that people type already."""

from suitectl.catalogue import services

SERVICE = services()["diff-ns-service"]


def test_the_names_and_ports_are_those_of_the_seed() -> None:
    assert SERVICE.address == ("diff-ns-service-service", "ns-app")
    names = {version: f"diff-ns-service-{version}-deployment" for version in ("v1", "v2")}
    assert dict(SERVICE.deployments) == names
    ports = [(port["name"], port["port"]) for port in SERVICE.main["spec"]["ports"]]
    assert ports == [("diff-ns-svc", 2001), ("http", 80)]
