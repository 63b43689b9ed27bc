"""The system's resolver with a real name server that loses packets."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eventually import PATIENCE_S

TESTS = Path(__file__).parents[2]
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "--net")
POSSIBLE = (
    sys.platform == "linux" and not subprocess.run([*NAMESPACE, "true"], check=False).returncode
)
pytestmark = pytest.mark.skipif(
    not POSSIBLE, reason="needs to make network namespaces, which this machine refuses"
)
SHELL = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


@pytest.fixture
def resolv_conf(tmp_path: Path) -> Path:
    """Return a pod's resolv.conf with another name server. glibc repeats a query after a second."""
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\noptions ndots:5 timeout:1 attempts:2\n")
    return path


def play(scenario: str, resolv_conf: Path) -> dict[str, Any]:
    program = (sys.executable, "-m", "integration.chassis_discovery.lost_packets", scenario)
    done = subprocess.run(
        [*NAMESPACE, "sh", "-c", SHELL, resolv_conf, *program],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def test_a_first_look_up_survives_a_lost_packet(resolv_conf: Path) -> None:
    """Another query succeeds, although all packets of the first query's socket are lost."""
    seen = play("a_cold_look_up", resolv_conf)
    assert seen["found"] == ["10.0.0.1", 80]
    assert seen["asked"] == [1]  # a pod without IPv6 sends no AAAA query


def test_a_cached_name_is_resolved_without_delay_while_packets_are_lost(resolv_conf: Path) -> None:
    """The service's new address is used as soon as the name server returns it."""
    resolv_conf.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:2\n")
    assert play("a_known_name", resolv_conf)["waited_for"] == 0


def test_a_partial_dns_response_does_not_mean_nxdomain(resolv_conf: Path) -> None:
    """If it counted as NXDOMAIN, the call would go to another namespace's service."""
    seen = play("partial_response", resolv_conf)
    assert seen["asked"] == [1, 28]
    assert "cas.system-server.svc.cluster.local." in seen["failed"]


def test_a_silent_name_server_does_not_delay_the_exit(resolv_conf: Path) -> None:
    resolv_conf.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
    play("an_end_amid_silence", resolv_conf)
