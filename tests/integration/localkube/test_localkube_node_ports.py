"""Node ports follow their Service."""

import json
import random
import socket
from typing import Any

import pytest

from eventually import PATIENCE_S
from integration.localkube.kit import Localkube, deployment, fetch, service


@pytest.fixture
def ports() -> list[int]:
    """Return three free node ports from a large range, so that no other test uses them."""
    drawn = random.sample(range(30500, 32700), 50)
    return [port for port in drawn if _is_free(port)][:3]


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _service(*node_ports: int | None, name: str = "web") -> dict[str, Any]:
    listed = [
        {"name": f"p{n}", "port": 9000 + n, "targetPort": "http"}
        | ({"nodePort": node_port} if node_port else {})
        for n, node_port in enumerate(node_ports)
    ]
    return service(name, type="NodePort", ports=listed, selector={"app": "web"})


def _shown(localkube: Localkube, name: str = "web") -> list[int]:
    listed = localkube.objects("service", name)[0]["spec"]["ports"]
    return [port["nodePort"] for port in listed if "nodePort" in port]


def _patch(localkube: Localkube, *node_ports: int | None) -> str:
    patch = {"spec": {"ports": _service(*node_ports)["spec"]["ports"]}}
    return localkube.ok("patch", "svc", "web", "--type=merge", "-p", json.dumps(patch))


def _responds(port: int) -> bool:
    try:
        return fetch(f"http://127.0.0.1:{port}/").startswith("web-")
    except OSError:
        return False


def test_a_changed_node_port_moves_the_listener(localkube: Localkube, ports: list[int]) -> None:
    localkube.up(deployment(), _service(ports[0]))
    with socket.create_connection(("127.0.0.1", ports[0]), PATIENCE_S) as connection:
        _patch(localkube, ports[1])

        assert _shown(localkube) == [ports[1]]
        assert [_responds(port) for port in ports[:2]] == [False, True]
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"web-" in b"".join(iter(lambda: connection.recv(65536), b"")), (
            "an open connection continues"
        )


def test_two_node_ports_can_change_places(localkube: Localkube, ports: list[int]) -> None:
    localkube.up(deployment(), _service(ports[0], ports[1]))

    _patch(localkube, ports[1], ports[0])

    assert _shown(localkube) == [ports[1], ports[0]]
    assert [_responds(port) for port in ports[:2]] == [True, True]


def test_an_unmentioned_node_port_is_unchanged(localkube: Localkube, ports: list[int]) -> None:
    localkube.up(deployment(), _service(ports[0]))

    _patch(localkube, None)
    unchanged = localkube.ok("apply", "-f", "-", stdin=json.dumps(_service(ports[0])))

    assert (_shown(localkube), "unchanged" in unchanged) == ([ports[0]], True)


@pytest.mark.parametrize("patch", ['{"spec": {"type": "ClusterIP"}}', None])
def test_a_released_node_port_can_be_used_again(
    localkube: Localkube, ports: list[int], patch: str | None
) -> None:
    localkube.up(deployment(), _service(ports[0]))

    if patch:
        localkube.ok("patch", "svc", "web", "-p", patch)
    else:
        localkube.ok("delete", "svc", "web")

    socket.create_server(("127.0.0.1", ports[0])).close()
    localkube.ok("apply", "-f", "-", stdin=json.dumps(_service(ports[0], name="other")))
    assert _responds(ports[0])


def test_a_node_port_of_another_service_is_refused(localkube: Localkube, ports: list[int]) -> None:
    localkube.up(deployment(), _service(ports[0]), _service(ports[1], name="other"))
    taken = f"spec.ports[0].nodePort: Invalid value: {ports[1]}: provided port is already allocated"

    patch = json.dumps({"spec": {"ports": _service(ports[1])["spec"]["ports"]}})
    for result in (
        localkube.run("patch", "svc", "web", "--type=merge", "-p", patch),
        localkube.run("apply", "-f", "-", stdin=json.dumps(_service(ports[1], name="third"))),
    ):
        assert (result.code, taken in result.err) == (2, True), result.err

    assert (_shown(localkube), _responds(ports[0])) == ([ports[0]], True)


def test_a_move_to_a_port_of_another_program_is_refused(
    localkube: Localkube, ports: list[int]
) -> None:
    localkube.up(deployment(), _service(ports[0]))
    with socket.create_server(("127.0.0.1", ports[1])):
        patch = json.dumps({"spec": {"ports": _service(ports[1])["spec"]["ports"]}})
        result = localkube.run("patch", "svc", "web", "--type=merge", "-p", patch)

    assert result.code == 2
    assert "provided port is already allocated" in result.err
    assert (_shown(localkube), _responds(ports[0])) == ([ports[0]], True)


def test_a_manifest_that_got_another_port_can_be_applied_again(
    localkube: Localkube, ports: list[int]
) -> None:
    with socket.create_server(("127.0.0.1", ports[0])):
        localkube.up(deployment(), _service(ports[0]))
        (given,) = _shown(localkube)

        said = localkube.ok("apply", "-f", "-", stdin=json.dumps(_service(ports[0])))

    assert given > ports[0]
    assert ("unchanged" in said, _shown(localkube)) == (True, [given])


def test_localkube_allocates_the_address_and_preserves_it(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0), service())
    address = localkube.objects("svc", "web")[0]["spec"]["clusterIP"]

    moved = localkube.run("patch", "svc", "web", "-p", '{"spec": {"clusterIP": "127.0.0.9"}}')
    fresh = localkube.run("apply", "-f", "-", stdin=json.dumps(service("b", clusterIP="10.0.0.1")))
    localkube.ok("patch", "svc", "web", "-p", '{"spec": {"clusterIP": null}}')

    words = 'spec.clusterIPs[0]: Invalid value: ["127.0.0.9"]: may not change once set'
    assert (moved.code, words in moved.err) == (2, True)
    assert (fresh.code, "localkube allocates the address" in fresh.err) == (2, True)
    assert localkube.objects("svc", "web")[0]["spec"]["clusterIP"] == address
