"""`cas-server hash-password`, `hash-secret`, `hash-generated`, `new-client`."""

import io
from pathlib import Path

import pytest
import yaml

from cas_server import cli
from cas_server.passwords import is_fast, matches_blocking
from unit.cas_server.cas_settings import loaded


@pytest.mark.parametrize("command", ["hash-password", "hash-secret"])
def test_hash_of_standard_input_is_printed(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("open sesame\n"))
    assert cli.run([command]) == 0
    assert matches_blocking(capsys.readouterr().out.strip(), "open sesame")


def test_a_generated_secret_is_hashed_fast_and_a_made_up_one_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An HMAC is fine for 256 random bits; what people make up would be guessed."""
    monkeypatch.setattr("sys.stdin", io.StringIO("s" * 43 + "\n"))
    assert cli.run(["hash-generated"]) == 0
    printed = capsys.readouterr().out.strip()
    assert is_fast(printed)
    assert matches_blocking(printed, "s" * 43)
    monkeypatch.setattr("sys.stdin", io.StringIO("open sesame\n"))
    with pytest.raises(SystemExit, match="hash-secret"):
        cli.run(["hash-generated"])


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
