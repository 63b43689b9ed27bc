"""Releases on a running localkube: traffic moves, and returns if the new version is bad."""

import signal
import subprocess

import pytest

from eventually import PATIENCE_S
from integration.suitectl.releasing import (
    BOTH,
    SERVICE,
    V1,
    V2,
    Releasing,
    release,
    running,
    under_load,
)
from sample_services import needs_versions
from suitectl.platform.http import Http
from suitectl.release.probes import probe

pytestmark = [pytest.mark.anyio, needs_versions]

EQUAL = {"selector": V1, "replicas": {"v1": 1, "v2": 1}}
QUICK = ("--sample=40", "-N=60")
TERMINAL_COLUMNS = 80
PATIENT = (*QUICK, "--max-latency-ms=60000")
"""Limits that a good version meets even on a busy machine."""


def test_a_canary_splits_the_traffic_by_replicas(
    suite: Releasing, capfd: pytest.CaptureFixture[str]
) -> None:
    assert release("canary", "--v1=1", "--v2=2", *PATIENT) == 0
    assert suite.replicas == {"v1": 1, "v2": 2}
    assert suite.selector == BOTH
    assert suite.previous == EQUAL
    said = capfd.readouterr().out
    assert "  v2 scales to 2" in said.splitlines()
    assert "selects every version" in said
    assert "kubectl" not in said
    assert max(map(len, said.splitlines())) <= TERMINAL_COLUMNS
    assert " 66.7%" in said
    assert "within" in said
    assert "outside" not in said


def test_kubectl_1_prints_the_commands_of_each_change(
    suite: Releasing, capfd: pytest.CaptureFixture[str]
) -> None:
    assert release("canary", "--v1=1", "--v2=2", "--kubectl=1", *PATIENT) == 0
    assert suite.replicas == {"v1": 1, "v2": 2}
    said = capfd.readouterr().out
    scaled = f"scale deployment/{SERVICE.deployments['v2']} --replicas=2 -n {SERVICE.namespace}"
    assert f"kubectl {scaled}" in said
    assert f"./localkube {scaled}" in said


async def test_a_canary_whose_new_version_fails_is_rolled_back(
    suite: Releasing, capfd: pytest.CaptureFixture[str]
) -> None:
    suite.scale(v2=0)
    suite.faults("v2", error_rate=0.5)
    steps = ("canary", "--v1=1", "--v2=2", "--steps=2:1", "--pause=10", *QUICK)
    code, probes = await under_load(suite.url, *steps)
    assert code == 1
    assert suite.traffic == ({"v1": 1, "v2": 0}, V1, None)
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.startswith("canary: v2 failed 1 of ")
    assert last.endswith("back at v1 : v2 = 1 : 0, all traffic to v1")
    failed = sum(probe.version is None for probe in probes)
    assert failed <= len(probes) / 3


def test_a_canary_whose_new_version_is_slow_is_rolled_back(
    suite: Releasing, capfd: pytest.CaptureFixture[str]
) -> None:
    suite.faults("v2", latency_ms=300)
    assert release("canary", "--v1=1", "--v2=2", *QUICK, "--max-latency-ms=250") == 1
    assert (suite.replicas, suite.selector) == (EQUAL["replicas"], V1)
    assert "probes of v2 took over" in capfd.readouterr().err


def test_a_canary_that_does_not_become_ready_is_rolled_back(
    suite: Releasing, capfd: pytest.CaptureFixture[str]
) -> None:
    assert release("canary", "--v1=1", "--v2=2", "--ready-within=0") == 1
    assert suite.replicas == EQUAL["replicas"]
    said = capfd.readouterr().err
    assert "do not get ready: v1 has 1 of 1, v2 has 1 of 2 (not within 0 s)" in said


def test_an_interrupted_canary_is_rolled_back(suite: Releasing) -> None:
    steps = ("--steps=2:1", "--pause=60")
    with running("canary", "--v1=1", "--v2=2", *steps) as process:
        assert process.stderr is not None
        while "watching" not in (line := process.stderr.readline()):
            assert line
        assert suite.replicas == {"v1": 2, "v2": 1}
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        assert process.stderr.read().splitlines()[-1] == "canary: interrupted"
    assert suite.traffic == (EQUAL["replicas"], V1, None)


def test_a_canary_whose_output_nobody_reads_any_more_is_rolled_back(suite: Releasing) -> None:
    steps = ("--steps=2:1", "--pause=60")
    with running("canary", "--v1=1", "--v2=2", *steps, stdout=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        while "watching" not in (line := process.stderr.readline()):
            assert line
        assert suite.replicas == {"v1": 2, "v2": 1}
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 130
        assert process.stderr.read().splitlines()[-1] == "canary: interrupted"
    assert suite.traffic == (EQUAL["replicas"], V1, None)


async def test_blue_green_moves_all_traffic_and_rollback_restores_it(suite: Releasing) -> None:
    suite.scale(v2=0)
    code, probes = await under_load(suite.url, "blue-green", "--to=v2")
    assert code == 0
    assert suite.selector == V2
    assert suite.replicas == {"v1": 1, "v2": 1}
    versions = [probe.version for probe in probes]
    assert None not in versions
    assert versions == sorted(versions, key=str)

    code, probes = await under_load(suite.url, "rollback")
    assert code == 0
    assert suite.selector == V1
    assert suite.replicas == {"v1": 1, "v2": 0}
    assert None not in {probe.version for probe in probes}


@pytest.mark.parametrize("ready", [1, 0])
def test_a_failed_smoke_test_does_not_change_the_traffic(
    suite: Releasing, capfd: pytest.CaptureFixture[str], ready: int
) -> None:
    suite.faults("v2", error_rate=1)
    suite.scale(v2=ready)
    assert release("blue-green", "--to=v2") == 1
    assert suite.selector == V1
    assert suite.replicas == {"v1": 1, "v2": ready}
    assert suite.previous is None
    said = capfd.readouterr()
    assert "v2 fails the smoke test" in said.err.splitlines()[-1]
    assert '"version": "v2"' not in _lines_about_traffic(said.out)


def _lines_about_traffic(out: str) -> str:
    return "\n".join(line for line in out.splitlines() if f"service {SERVICE.service} " in line)


async def test_a_rollback_of_a_canary_returns_all_traffic_to_v1_and_a_second_undoes_it(
    suite: Releasing,
) -> None:
    code, _ = await under_load(suite.url, "canary", "--v1=1", "--v2=2", *PATIENT)
    assert code == 0
    code, probes = await under_load(suite.url, "rollback")
    assert code == 0
    assert (suite.replicas, suite.selector) == (EQUAL["replicas"], V1)
    assert None not in {probe.version for probe in probes}
    async with Http() as http:
        assert {(await probe(http, suite.url)).version for _ in range(20)} == {"v1"}

    code, _ = await under_load(suite.url, "rollback")
    assert code == 0
    assert suite.traffic == ({"v1": 1, "v2": 2}, BOTH, EQUAL)


def test_a_rollback_without_a_previous_release_fails(
    suite: Releasing, capfd: pytest.CaptureFixture[str]
) -> None:
    assert release("rollback") == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert "nothing to go back to" in line
    assert suite.traffic == (EQUAL["replicas"], V1, None)


def test_traffic_reports_failures(suite: Releasing, capfd: pytest.CaptureFixture[str]) -> None:
    suite.select(None)
    assert release("traffic", "-N=40") == 0
    assert "failed: 0" in capfd.readouterr().out
    suite.faults("v2", error_rate=1)
    assert release("traffic", "-N=40") == 1
    assert "failed: 20: 20 x 500" in capfd.readouterr().out


def test_refresh_is_not_needed_on_localkube(
    suite: Releasing, capfd: pytest.CaptureFixture[str]
) -> None:
    assert suite
    assert release("refresh", f"--service={SERVICE.name}") == 0
    assert "not needed" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("blue-green --to=v9", "v9 is not deployed; there are: v1, v2"),
        ("blue-green --to=", "TO is missing; there are: v1, v2"),
        ("canary --v1= --v2=", "V1 is missing"),
        ("canary --v1=0 --v2=0", "no replicas on either side"),
        ("canary --v1=-1 --v2=2", "V1=-1: must be a whole number"),
        ("canary --v1=500 --v2=1", "V1=500: must be a whole number from 0 to 110"),
        ("canary --v1=10 --v2=11", "21 replicas are too many; localkube runs them on this machine"),
        ("canary --v1=1 --v2=4 --steps=500:1", "STEPS=500: must be a whole number from 0 to 110"),
        ("canary --v1=1 --v2=4 --steps=50,10", "percentages of v2 go up"),
        ("canary --v1=1 --v2=4 --pause=-1", "PAUSE=-1"),
        ("traffic -N=0", "N=0: must be a whole number"),
        ("refresh --service=web", "SERVICE=web: no such service"),
        ("traffic --platform=moon", "PLATFORM=moon: no such platform"),
    ],
)
def test_invalid_input_is_one_line_and_changes_nothing(
    untouched: Releasing, capfd: pytest.CaptureFixture[str], arguments: str, reason: str
) -> None:
    assert untouched
    assert release(*arguments.split(" ")) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert reason in line
