"""Loopback addresses, node ports and proxy variables."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from suitectl.catalogue import services
from suitectl.doctor import network
from suitectl.doctor.finding import GOOD
from suitectl.root import ROOT
from unit.suitectl.doctor.fake_checkout import wrong


def test_the_node_ports_are_those_of_the_manifests(tmp_path: Path) -> None:
    listed = [port for one in services().values() for port in one.main["spec"]["ports"]]
    assert network.node_ports(ROOT) == sorted(p["nodePort"] for p in listed if "nodePort" in p)
    manifests = tmp_path / "k8s/base/web"
    manifests.mkdir(parents=True)
    (manifests / "service.yaml").write_text(
        "spec:\n  ports:\n    - port: 80\n      nodePort: 30123\n"
    )
    assert network.node_ports(tmp_path) == [30123]


def test_a_taken_port_is_named_with_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = network.node_port(port)
    program = Path(sys.executable).name
    assert f"port {port} is taken by" in found.text
    assert program[:6] in found.text
    assert f"pid {os.getpid()}" in found.text
    assert found.remedy == f"kill {os.getpid()}"


def test_a_free_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert network.node_port(port).mark == GOOD


def test_an_address_that_cannot_be_bound() -> None:
    assert network.loopback().mark == GOOD
    assert wrong([network.loopback("192.0.2.1")])[0][0] == "!"


def test_no_loopback_at_all() -> None:
    code = "from suitectl.doctor import network; print(network.loopback())"
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", code],  # noqa: S607
        env={**os.environ, "PYTHONPATH": str(ROOT / "libs/suitectl/src")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("no namespaces here")
    # A new namespace has an interface without addresses; some kernels bind there all the same.
    assert "127" in done.stdout


@pytest.mark.parametrize(
    "excepted", ["", "localhost", "localhost,127.0.0.1", "example.org,10.0.0.0/8"]
)
def test_a_proxy_that_captures_loopback(excepted: str) -> None:
    variables = {"http_proxy": "http://proxy:3128", "no_proxy": excepted}
    ((_, text, remedy),) = wrong(list(network.proxies(variables)))
    assert text == "http_proxy captures curl http://127.0.0.1"
    value = remedy.split("NO_PROXY=")[1].split()[0]
    assert value.startswith(excepted)
    assert wrong(list(network.proxies(variables | {"no_proxy": value}))) == []


def test_no_proxy_or_one_with_exceptions() -> None:
    assert list(network.proxies({})) == []
    assert wrong(list(network.proxies({"HTTP_PROXY": "http://proxy", "NO_PROXY": "*"}))) == []
