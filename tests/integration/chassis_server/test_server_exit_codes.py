"""Invalid input ends with one clear line and an exit code for the kind of error."""

import signal
import socket
from pathlib import Path

import pytest

from chassis.testing import ConfigDirectory
from eventually import PATIENCE_S
from integration.chassis_server.service_process import sample_service, spawn

FREE = ("--server.address=127.0.0.1", "--server.port=0")


def outcome(*flags: str, config: Path | None = None) -> tuple[int, list[str]]:
    with spawn(*flags, config=config) as process:
        _, stderr = process.communicate(timeout=PATIENCE_S)
        return process.returncode, stderr.splitlines()


def test_an_invalid_setting_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "application.yaml").write_text("server:\n  port: no-port\n")
    code, stderr = outcome(config=tmp_path)

    assert code == 2
    assert len(stderr) == 1
    assert "application.yaml:2: server.port" in stderr[0]


def test_an_unknown_flag_is_one_line_and_exit_code_2() -> None:
    code, stderr = outcome("serve")

    assert code == 2
    assert len(stderr) == 1


@pytest.mark.parametrize("setting", ["server.port", "management.server.port"])
def test_a_port_in_use_is_one_line_and_exit_code_1(setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, stderr = outcome(*FREE, f"--{setting}={port}")

    assert code == 1
    assert len(stderr) == 1
    assert f"127.0.0.1:{port}" in stderr[0]
    assert setting in stderr[0]


def test_help_explains_the_flags_and_exits_with_0() -> None:
    with spawn("--help") as process:
        text, _ = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert "--server.port=8080" in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_exits_with_0(number: int) -> None:
    with sample_service("--server.drain-wait=0") as service:
        service.signal(number)

        assert service.ended() == 0


def test_a_change_under_strategy_restart_drains_and_exits_with_0(tmp_path: Path) -> None:
    """docs/configuration.md: Kubernetes restarts the pod with the new configuration."""
    restart = "spring: {cloud: {kubernetes: {reload: {strategy: restart}}}}\n"
    config = ConfigDirectory(tmp_path, {"application.yaml": restart + "message: old\n"})
    with sample_service("--server.drain-wait=1h", config=tmp_path) as service:
        config.swap({"application.yaml": restart + "message: new\n"})
        service.until("draining")

        assert service.get("/message").status == 200
        service.signal()
        assert service.ended() == 0
