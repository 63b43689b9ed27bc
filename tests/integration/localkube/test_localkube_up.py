"""`up` and `down`: all or nothing, and no process or file remains."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eventually import PATIENCE_S, poll
from integration.localkube.kit import (
    Localkube,
    command_of,
    deployment,
    is_alive,
    pid_of,
    processes_of,
    service,
)


def test_up_waits_until_available_and_prints_tables(localkube: Localkube) -> None:
    result = localkube.up(deployment(replicas=2), service())

    assert result.code == 0, result.err
    assert "2/2" in result.out
    assert "waiting for Deployments …" in result.err
    assert "waiting for Deployments: done, " in result.err
    assert "\x1b" not in result.err


def test_a_second_up_changes_nothing_and_exits_3(localkube: Localkube) -> None:
    localkube.up(deployment(), service())
    before = pid_of(localkube.pods()[0])

    second = localkube.up(deployment(replicas=3))

    assert second.code == 3
    assert len(second.err.strip().splitlines()) == 1
    assert "already running" in second.err
    assert [pid_of(pod) for pod in localkube.pods()] == [before]


def test_down_leaves_no_process_and_no_secret_behind(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=2), service())
    pids = [pid_of(pod) for pod in localkube.pods()]

    localkube.ok("down")

    assert not any(map(is_alive, pids))
    assert processes_of(localkube.state) == []
    assert not (localkube.state / "pods").exists()


def test_verbs_without_a_running_localkube_say_how_to_start_one(localkube: Localkube) -> None:
    result = localkube.run("get", "pods")

    assert result.code == 1
    assert "localkube up" in result.err


def test_a_killed_localkube_leaves_no_process_behind(localkube: Localkube) -> None:
    """A pod's own children are in its process group and end too."""
    forks = {"image": "sleep:1", "command": ["sh", "-c", "sleep 999 & sleep 998"]}
    localkube.up(
        deployment("web", replicas=2),
        deployment("forks", container={**forks, "readinessProbe": None}),
    )
    daemon = next(p for p in processes_of(localkube.state) if "engine.daemon" in command_of(p))

    os.kill(daemon, signal.SIGKILL)

    poll(lambda: processes_of(localkube.state) == [])
    assert localkube.up(deployment()).code == 0


def test_a_killed_watchdog_is_replaced(localkube: Localkube) -> None:
    localkube.up(deployment())
    watchdog = next(p for p in _children(localkube) if "watchdog" in command_of(p))
    os.kill(watchdog, signal.SIGKILL)

    localkube.ok("scale", "deployment/web", "--replicas=2")
    poll(lambda: len(localkube.pods()) == 2)
    daemon = next(p for p in processes_of(localkube.state) if "engine.daemon" in command_of(p))
    os.kill(daemon, signal.SIGKILL)

    poll(lambda: processes_of(localkube.state) == [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_up_cleans_up(localkube: Localkube, number: signal.Signals) -> None:
    localkube.write(deployment(container={"readinessProbe": {"exec": {"command": ["false"]}}}))
    with subprocess.Popen(
        localkube.command(*localkube.up_arguments()), stderr=subprocess.PIPE, text=True
    ) as up:
        poll(lambda: _pods_or_none(localkube))
        up.send_signal(number)
        up.wait(timeout=PATIENCE_S)

    poll(lambda: processes_of(localkube.state) == [])
    assert up.returncode in {130, -signal.SIGKILL}


def test_foreground_runs_until_interrupted(localkube: Localkube) -> None:
    localkube.write(deployment())
    command = localkube.command(*localkube.up_arguments("--foreground"))
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as up:
        assert up.stderr is not None
        assert any("Ctrl-C" in line for line in up.stderr)
        up.send_signal(signal.SIGINT)
        up.wait(timeout=PATIENCE_S)

    assert processes_of(localkube.state) == []


def test_a_crash_looping_container_fails_up_early_with_its_last_lines(
    localkube: Localkube,
) -> None:
    result = localkube.up(deployment("bad", image="crash"))

    assert result.code == 1
    assert "cannot go on" in result.err
    assert "Pod default/bad-" in result.err.splitlines()[-1]
    assert "exit code 7" in result.err.splitlines()[-1]
    assert processes_of(localkube.state) == []


def test_up_times_out_with_the_reason(localkube: Localkube) -> None:
    probe = {"httpGet": {"path": "/", "port": 8001}, "failureThreshold": 1}
    slow = deployment(container={"readinessProbe": probe})

    result = localkube.up(slow, options=("--timeout", "2"))

    assert result.code == 1
    assert "not available after 2 s: web 0/1; web: " in result.err
    assert "Connect call failed" in result.err or "refused" in result.err
    assert processes_of(localkube.state) == []


def test_a_port_in_use_is_named_and_no_process_remains(localkube: Localkube) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        port = int(holder.stdout.readline())
        result = localkube.up(deployment(), service(port=port))
        holder.terminate()

    assert result.code == 1
    assert "Service default/web" in result.err.splitlines()[-1]
    assert f":{port} is in use" in result.err.splitlines()[-1]
    assert processes_of(localkube.state) == []


def test_concurrent_suites_have_separate_networks(
    localkube: Localkube, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Localkube(tmp_path_factory.mktemp("other"))
    for name in ("server.py", "localkube.yaml"):
        (other.directory / name).write_text((localkube.directory / name).read_text())
    assert localkube.up(deployment(), service()).code == 0
    try:
        assert other.up(deployment(), service()).code == 0
        networks = {k.address().split(".")[1] for k in (localkube, other)}
        assert len(networks) == 2
    finally:
        other.run("down")


def test_a_state_directory_may_exceed_the_length_of_a_socket_path(
    localkube: Localkube,
) -> None:
    deep = localkube.directory / ("d" * 90) / "state"
    localkube.write(deployment(replicas=0))
    assert localkube.run(*localkube.up_arguments("--state", str(deep))).code == 0
    try:
        assert localkube.run("get", "deployments", "--state", str(deep)).code == 0
    finally:
        localkube.run("down", "--state", str(deep))


def test_only_the_owner_reaches_control_socket_and_state(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0))

    assert (localkube.state / "control.sock").stat().st_mode & 0o777 == 0o600
    assert localkube.state.stat().st_mode & 0o777 == 0o700


_HOLD = """
import socket, time
s = socket.socket(); s.bind(("0.0.0.0", 0)); s.listen()
print(s.getsockname()[1], flush=True); time.sleep(60)
"""


def _children(localkube: Localkube) -> list[int]:
    daemon = next(p for p in processes_of(localkube.state) if "engine.daemon" in command_of(p))
    text = Path(f"/proc/{daemon}/task/{daemon}/children").read_text()
    return [int(word) for word in text.split()]


def _pods_or_none(localkube: Localkube) -> list[dict[str, Any]]:
    return localkube.pods() if localkube.run("get", "pods").code == 0 else []
