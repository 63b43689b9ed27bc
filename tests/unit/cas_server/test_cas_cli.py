"""`cas-server hash-password`, `hash-secret`, `new-client`."""

import io
from pathlib import Path

import pytest
import yaml

from cas_server import cli
from cas_server.passwords import matches_blocking
from unit.cas_server.cas_settings import loaded


@pytest.mark.parametrize("command", ["hash-password", "hash-secret"])
def test_hash_of_standard_input_is_printed(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("open sesame\n"))
    assert cli.run([command]) == 0
    assert matches_blocking(capsys.readouterr().out.strip(), "open sesame")


def test_empty_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert cli.run(["hash-secret"]) == 2
    assert capsys.readouterr().out == ""


def test_new_client_is_a_registration_that_its_secret_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["new-client", "orders"]) == 0
    printed = capsys.readouterr().out
    secret = printed.splitlines()[0].rpartition(" ")[2]
    client = loaded(tmp_path, yaml.safe_load(printed)).settings.clients["orders"]
    assert len(secret) == 43, "256 bits in base64url"
    assert matches_blocking(client.client_secret[0], secret)


def test_wrong_use_is_told_with_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["new-client"]) == 2
    assert capsys.readouterr().err.startswith("usage:")
