"""Services: balancing, affinity, addresses, NodePort, ExternalName, the discovery table."""

import json
import os
import socket
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eventually import PATIENCE_S, poll
from integration.localkube.kit import (
    Localkube,
    command_of,
    deployment,
    fetch,
    pid_of,
    processes_of,
    service,
)


def test_new_connections_are_balanced_over_the_ready_pods(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=3), service())
    url = f"http://{localkube.address()}/"

    shares = Counter(fetch(url) for _ in range(30))

    assert sorted(shares.values()) == [10, 10, 10]


def test_a_client_stays_with_its_pod_until_the_affinity_timeout(localkube: Localkube) -> None:
    brief = {"selector": {"app": "web"}, "sessionAffinityConfig": _affinity(seconds=1)}
    localkube.up(
        deployment(replicas=3),
        service(sessionAffinity="ClientIP"),
        service("brief", port=9001, sessionAffinity="ClientIP", **brief),
    )

    stays = {localkube.fetch() for _ in range(6)}
    first = localkube.fetch(name="brief", port=9001)
    time.sleep(1.1)  # clock: longer than the timeout, without a call

    assert len(stays) == 1
    assert localkube.fetch(name="brief", port=9001) != first


def test_affinity_uses_the_callers_own_address(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=3), service(sessionAffinity="ClientIP"))
    ip, port = localkube.address().split(":")

    callers = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]

    assert [_get(ip, port, "/peer", source=caller) for caller in callers] == callers
    assert len({_get(ip, port, "/", source=caller) for caller in callers}) == 3


def test_a_changed_selector_moves_new_connections_and_keeps_open_ones(
    localkube: Localkube,
) -> None:
    """As with kube-proxy, an existing connection stays with its pod."""
    localkube.up(deployment("web"), deployment("other"), service())
    ip, port = localkube.address().split(":")
    with socket.create_connection((ip, int(port)), timeout=PATIENCE_S) as connection:
        assert _request(connection, "/").startswith("web-")

        patch = '{"spec": {"selector": {"app": "other"}}}'
        localkube.ok("patch", "svc", "web", "-p", patch)

        assert _get(ip, port, "/").startswith("other-")
        assert _request(connection, "/").startswith("web-")


def test_a_selector_key_is_removed_by_null(localkube: Localkube) -> None:
    narrow = service(selector={"app": "web", "version": "v9"})
    localkube.up(deployment(), narrow)
    with pytest.raises(OSError, match=r".*"):
        localkube.fetch()

    localkube.ok("patch", "svc", "web", "-p", '{"spec": {"selector": {"version": null}}}')

    assert localkube.fetch().startswith("web-")


def test_without_a_ready_pod_a_connection_is_reset(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0), service())
    ip, port = localkube.address().split(":")

    with pytest.raises(ConnectionResetError):
        _get(ip, port, "/")


def test_a_node_port_listens_on_127_0_0_1_or_the_next_free_port(localkube: Localkube) -> None:
    taken = _hold_a_node_port()
    wanted = taken.getsockname()[1]
    ports = [{"port": 9000, "targetPort": "http", "nodePort": wanted}]
    with taken:
        localkube.up(deployment(), service(type="NodePort", ports=ports))

        shown = localkube.objects("service", "web")[0]["spec"]["ports"][0]["nodePort"]

        assert shown > wanted
        assert f"9000:{shown}/TCP" in localkube.ok("get", "services")
        assert fetch(f"http://127.0.0.1:{shown}/").startswith("web-")


def test_the_table_maps_names_and_external_names_to_addresses(localkube: Localkube) -> None:
    inside = _external("inside", "web.default.svc.cluster.local")
    outside = _external("outside", "example.com")
    localkube.up(deployment(), service(), inside, outside)
    table = localkube.state / "discovery" / "services.json"

    entries = json.loads(table.read_text())
    url = f"http://{localkube.pods()[0]['status']['podIP']}:8000/env/DISCOVERY__TABLE"
    assert fetch(url) == str(table)
    assert entries["web.default:9000"] == localkube.address()
    assert entries["inside.default:9000"] == localkube.address()
    assert entries["outside.default:443"] == "example.com:443"

    localkube.ok("delete", "service", "inside")
    assert "inside.default:9000" not in json.loads(table.read_text())


def test_a_deleted_service_stops_listening(localkube: Localkube) -> None:
    localkube.up(deployment(), service())
    ip, port = localkube.address().split(":")

    localkube.ok("delete", "svc", "web")

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ip, int(port)))


def test_curl_resolves_service_names(localkube: Localkube) -> None:
    localkube.up(deployment(), service(port=9000))

    for name in ("web", "web.default", "web.default.svc.cluster.local"):
        assert localkube.ok("curl", "-s", f"http://{name}:9000/").startswith("web-")
    unknown = localkube.run("curl", "-s", "http://nobody:9000/")
    assert unknown.code == 1
    assert "no Service nobody" in unknown.err


def test_a_large_response_is_complete_after_a_half_close(localkube: Localkube) -> None:
    echo = (
        "import socketserver,sys\n"
        "class H(socketserver.StreamRequestHandler):\n"
        " def handle(self):\n"
        "  body=self.rfile.read(); self.wfile.write(body[::-1])\n"
        "class S(socketserver.ThreadingTCPServer): allow_reuse_address=True\n"
        "S((sys.argv[1],8000),H).serve_forever()\n"
    )
    command = ["python", "-c", echo, "$(IP)"]
    ip_field = {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    probe = {"tcpSocket": {"port": 8000}, "periodSeconds": 1}
    container = {"command": command, "env": [ip_field], "readinessProbe": probe}
    assert localkube.up(deployment(container=container), service()).code == 0
    ip, port = localkube.address().split(":")
    body = os.urandom(3_000_000)
    before = _open_files(localkube)

    with socket.create_connection((ip, int(port)), timeout=PATIENCE_S) as sock:
        sock.sendall(body)
        sock.shutdown(socket.SHUT_WR)
        response = b"".join(iter(lambda: sock.recv(65536), b""))

    assert response == body[::-1]
    poll(lambda: _open_files(localkube) <= before)


def test_ports_mode_uses_one_address_with_different_ports(
    localkube: Localkube,
) -> None:
    result = localkube.up(deployment(replicas=2), service(), options=("--addresses=ports",))
    assert result.code == 0, result.err

    pods = localkube.pods()
    ports = {p["spec"]["containers"][0]["ports"][0]["hostPort"] for p in pods}
    assert {pod["status"]["podIP"] for pod in pods} == {"127.0.0.1"}
    assert len(ports) == 2
    assert localkube.address().startswith("127.0.0.1:")
    assert {localkube.fetch() for _ in range(4)} == {p["metadata"]["name"] for p in pods}
    assert localkube.fetch("/env/CLIENT__SOURCE_ADDRESS") == "<unset>"
    table = json.loads((localkube.state / "discovery" / "services.json").read_text())
    assert table["web.default:9000"] == localkube.address()
    os.kill(pid_of(pods[0]), 9)
    poll(lambda: len(localkube.objects("endpoints", "web")[0]["subsets"]) == 2)


def _open_files(localkube: Localkube) -> int:
    daemon = next(p for p in processes_of(localkube.state) if "engine.daemon" in command_of(p))
    return len(list(Path(f"/proc/{daemon}/fd").iterdir()))


def _hold_a_node_port() -> socket.socket:
    for port in range(31000, 32767):
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            continue
    raise AssertionError("every NodePort is taken")


def _affinity(*, seconds: int) -> dict[str, Any]:
    return {"clientIP": {"timeoutSeconds": seconds}}


def _external(name: str, target: str) -> dict[str, Any]:
    spec = {"type": "ExternalName", "externalName": target}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def _get(ip: str, port: str, path: str, source: str = "127.0.0.1") -> str:
    with socket.create_connection((ip, int(port)), PATIENCE_S, source_address=(source, 0)) as sock:
        return _request(sock, path)


def _request(sock: socket.socket, path: str) -> str:
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    response = b""
    while not response.partition(b"\r\n\r\n")[2]:
        response += sock.recv(65536)
    return response.decode().partition("\r\n\r\n")[2]
