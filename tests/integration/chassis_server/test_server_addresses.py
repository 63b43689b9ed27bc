"""docs/configuration.md: a service and its management port listen on both address families."""

import http.client
import json

import pytest

from eventually import PATIENCE_S
from integration.chassis_server.service_process import sample_service


def _get(host: str, port: int, path: str) -> str:
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("address", ["::", "[::]"])
def test_both_ports_listen_on_both_families_and_a_client_has_one_address(address: str) -> None:
    with sample_service(f"--server.address={address}") as service:
        for host in ("127.0.0.1", "::1"):
            assert json.loads(_get(host, service.api[1], "/address")) == host
            assert json.loads(_get(host, service.management[1], "/livez")) == {"status": "UP"}


def test_an_address_in_brackets_is_accepted() -> None:
    with sample_service("--server.address=[::1]") as service:
        assert service.api[0] == "[::1]"
        assert json.loads(_get("::1", service.api[1], "/address")) == "::1"
