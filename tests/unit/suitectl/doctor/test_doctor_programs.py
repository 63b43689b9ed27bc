"""Programs that are missing, old, broken or hang, and a cluster that does not respond."""

import json
import socket
from pathlib import Path

import pytest

from suitectl.doctor import cluster, peers, programs
from suitectl.doctor.finding import Finding
from suitectl.root import ROOT
from unit.suitectl.doctor.fake_checkout import program, wrong


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only directory of the PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


@pytest.mark.usefixtures("path")
def test_missing_programs_are_named_with_what_needs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {one.text: one.remedy for one in programs.check(tmp_path)}
    assert found["no docker, for make images, make deploy"] == (
        "apt install docker.io, or DOCKER=podman"
    )
    assert all(remedy for remedy in found.values())
    monkeypatch.setenv("DOCKER", "nerdctl")
    assert [one for one in programs.check(tmp_path) if one.text.startswith("no nerdctl")]


def test_present_programs_have_a_version(path: Path, tmp_path: Path) -> None:
    program(path, "git", "echo git version 2.39.5")
    program(path, "docker", "echo broken; exit 3")
    found = [one.text for one in programs.check(tmp_path)]
    assert "git 2.39.5" in found
    assert "docker fails: broken" in found


def test_a_program_that_hangs(path: Path) -> None:
    program(path, "slow", "exec /bin/sleep 60")
    with pytest.raises(programs.Failed, match="no response within"):
        programs.output("slow", seconds=0.1)


def test_go_only_where_a_service_needs_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "go/bin"
    elsewhere.mkdir(parents=True)
    monkeypatch.setattr(programs, "GO_PLACES", ("go", f"{elsewhere}/go"))
    assert not [one for one in programs.check(tmp_path) if "go" in one.text.split()]
    service = tmp_path / "services/orders"
    service.mkdir(parents=True)
    (service / "go.mod").write_text("module orders\n\ngo 1.24\n")
    assert [one for one in programs.check(tmp_path) if one.text.startswith("no go")]
    program(elsewhere, "go", "echo go1.25.1")
    assert "go 1.25" in [one.text for one in programs.check(tmp_path)]
    program(path, "go", "echo go1.22.3")
    assert "go 1.22 is older than 1.24" in [one.text for one in programs.check(tmp_path)]
    program(path, "go", "echo go1.24.0")
    assert "go 1.24" in [one.text for one in programs.check(tmp_path)]


def test_what_tests_skip_without_is_named_with_them(path: Path, tmp_path: Path) -> None:
    found = {one.text: one.remedy for one in peers.check(tmp_path)}
    assert len(found) == len(peers.PEERS)
    browser = "make pictures, and tests of the login pages and of /docs in a browser"
    assert found[f"no chromium, for {browser}"] == "apt install chromium"
    assert all(remedy for remedy in found.values())

    beside = tmp_path / ".build/bin"
    beside.mkdir(parents=True)
    program(beside, "oauth2-proxy", "exit 1")
    program(path, "google-chrome", "exit 1")  # present; it is not started
    assert [one.text for one in peers.check(tmp_path) if not one.remedy] == [
        *("chromium", "oauth2-proxy"),
    ]


def test_the_remedy_of_oauth2_proxy_is_that_of_its_test() -> None:
    """Both name the same version."""
    source = (ROOT / "tests/interop/test_oauth2_proxy.py").read_text()
    assert peers.PEERS[-1].remedy in source


def test_redis(path: Path, tmp_path: Path) -> None:
    ((_, text, remedy),) = wrong(list(programs.redis(tmp_path)))
    assert text == "no redis-server: make setup unpacks one"
    assert "make setup" in remedy
    beside = tmp_path / ".venv/bin"
    beside.mkdir(parents=True)
    program(beside, "redis-server", "echo Redis server v=6.2.14 sha=0")
    assert [one.text for one in programs.redis(tmp_path)] == [f"redis-server 6.2 ({beside})"]
    program(path, "redis-server", "echo Redis server v=5.0.14 sha=0")
    ((mark, text, _),) = wrong(list(programs.redis(tmp_path)))
    assert (mark, text) == ("✗", f"redis-server 5.0 ({path}) is older than 6.2")
    program(path, "redis-server", "echo Exec format error; exit 126")
    assert "does not run" in wrong(list(programs.redis(tmp_path)))[0][1]


def _cluster(path: Path, tmp_path: Path, client: str, server: str) -> list[Finding]:
    versions = {"clientVersion": {"minor": client}, "serverVersion": {"minor": server}}
    answer = json.dumps(versions)
    program(path, "kubectl", f"case $1 in config) echo kind;; version) echo '{answer}';; esac")
    return list(cluster.check(tmp_path))


def test_kubectl_and_its_cluster(path: Path, tmp_path: Path) -> None:
    assert wrong(list(cluster.check(tmp_path)))[0][1].startswith("no kubectl, for make deploy")
    assert [one.text for one in _cluster(path, tmp_path, "34", "33+")] == [
        "kubectl 1.34, context kind"
    ]
    ((_, text, remedy),) = wrong(_cluster(path, tmp_path, "36", "33"))
    assert text == "kubectl 1.36 and the cluster's 1.33 are more than one minor apart"
    assert "kubectl 1.33" in remedy
    program(path, "kubectl", "exit 1")
    assert wrong(list(cluster.check(tmp_path)))[0][1].startswith("no current kubeconfig context")


def test_a_cluster_that_does_not_respond(path: Path, tmp_path: Path) -> None:
    """The real kubectl, and a server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        script = (
            f'[ "$1" = config ] && echo lost && exit\nexec 3<>/dev/tcp/127.0.0.1/{port}; read x <&3'
        )
        program(path, "kubectl", "").joinpath("kubectl").write_text(f"#!/bin/bash\n{script}\n")
        # It never responds, so any time is long enough that lets the script start.
        ((_, text, remedy),) = wrong(list(cluster.check(tmp_path, seconds=2)))
    assert text == "the cluster of context lost does not respond"
    assert remedy == "kubectl cluster-info"
