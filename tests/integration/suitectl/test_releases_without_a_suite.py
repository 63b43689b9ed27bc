"""Release commands without a running suite fail quickly, with one line."""

import json
import shutil
from pathlib import Path

import pytest

from sample_services import OUTSIDE, VERSIONED, needs_versions
from suitectl.__main__ import main

_RELEASES = ["canary --v1=1 --v2=1", "blue-green --to=v2", "rollback", "traffic"]
RELEASES = [
    pytest.param(f"{verb} --service={VERSIONED.name}", marks=needs_versions) for verb in _RELEASES
]
VERBS = [*RELEASES, "refresh", "token", f"call --service={OUTSIDE.name}"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_suite_that_is_not_running_is_reported_in_one_line(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCALKUBE_STATE", str(tmp_path))
    assert main(verb.split(" ")) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert "no localkube runs here" in line


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize("verb", RELEASES[:2])
def test_a_missing_kubeconfig_is_reported_in_one_line(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert "no kubeconfig" in _refusal(verb, capfd)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize("verb", RELEASES[:2])
def test_an_unreachable_cluster_is_reported_in_one_line(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(_kubeconfig("http://127.0.0.1:1"))
    monkeypatch.setenv("KUBECONFIG", str(config))
    assert "does not respond; is it up?" in _refusal(verb, capfd)


def _refusal(verb: str, capfd: pytest.CaptureFixture[str]) -> str:
    assert main([*verb.split(" "), "--platform=kubernetes"]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    return line


def _kubeconfig(server: str) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "away", "cluster": {"server": server}}],
            "contexts": [{"name": "away", "context": {"cluster": "away", "user": "nobody"}}],
            "users": [{"name": "nobody", "user": {}}],
            "current-context": "away",
        }
    )
