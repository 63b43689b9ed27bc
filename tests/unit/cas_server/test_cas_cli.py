"""`cas-server hash-password`, `hash-secret`, `hash-generated`, `new-client`."""

import io
import unicodedata
from pathlib import Path

import pytest
import yaml

from cas_server import cli
from cas_server.passwords.hashing import is_fast, matches_blocking
from chassis.jwt.algorithms import ALGORITHMS
from chassis.jwt.keys import private_key
from unit.cas_server.cas_settings import loaded, pasted

COMMANDS = ["hash-password", "hash-secret", "hash-generated"]
LONG = "s" * 43


def _type(monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line)))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"", b"\r", b"\nand more\n"])
def test_the_hash_of_one_line_of_standard_input_is_printed(
    command: str, end: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Regression: the carriage return of a Windows line became part of the secret."""
    _type(monkeypatch, LONG.encode() + end)
    assert cli.run([command]) == 0
    printed = capsys.readouterr().out.strip()
    assert matches_blocking(printed, LONG)
    assert is_fast(printed) == (command == "hash-generated")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_new_signing_key_is_printed(algorithm: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["new-signing-key", algorithm]) == 0
    assert private_key(capsys.readouterr().out).algorithm == algorithm


def test_a_signing_key_of_an_unknown_algorithm_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["new-signing-key", "HS256"]) == 2
    assert "there are ES256, EdDSA, RS256" in capsys.readouterr().err


@pytest.mark.parametrize("line", [" a b ", "sesam\N{LATIN SMALL LETTER E WITH ACUTE}", "\tx"])
def test_every_other_character_of_a_line_is_part_of_the_secret(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _type(monkeypatch, f"{line}\r\n".encode())
    assert cli.run(["hash-password"]) == 0
    assert matches_blocking(capsys.readouterr().out.strip(), line)


def test_a_byte_order_mark_is_not_part_of_the_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _type(monkeypatch, b"\xef\xbb\xbfsecret\r\n")
    assert cli.run(["hash-password"]) == 0
    assert matches_blocking(capsys.readouterr().out.strip(), "secret")


@pytest.mark.parametrize(
    ("command", "line", "said"),
    [
        ("hash-password", b"", "the password is empty; one line of standard input was expected"),
        ("hash-secret", b"\r\nx", "the secret is empty; one line of standard input"),
        ("hash-secret", b"caf\xe9\n", "the secret is not UTF-8; one line of UTF-8"),
        ("hash-password", b"x" * 1025, "the password is longer than 1024 characters"),
        ("hash-password", b"x" * 100_000, "the password is longer than 1024 characters"),
        ("hash-password", ("e" + "\u0301" * 31).encode(), "nothing but combining marks"),
        (
            "hash-generated",
            b"open sesame\n",
            "the secret is too short to be generated; take hash-s",
        ),
    ],
)
def test_an_invalid_secret_is_refused_with_a_message_that_says_what_is_expected(
    command: str,
    line: bytes,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _type(monkeypatch, line)
    assert cli.run([command]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_a_secret_of_the_maximum_length_is_accepted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _type(monkeypatch, b"\xef\xbb\xbf" + ("\U0001f600" * 1024).encode() + b"\r\n")
    assert cli.run(["hash-password"]) == 0
    assert matches_blocking(capsys.readouterr().out.strip(), "\U0001f600" * 1024)


def test_without_standard_input_the_secret_is_empty(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert cli.run(["hash-password"]) == 2
    assert "the password is empty" in capsys.readouterr().err


NAMES = [
    *(
        "orders",
        "my.app",
        "REST_Service",
        "a b",
        " a",
        "no",
        "null",
        "~",
        "true",
        "1.0",
        "1",
        "0x1f",
    ),
    *("2001-01-01", "1_000", "*", "*x", "&x", "#", "#x", "a #b", "a#b", "@x", "a@b.example", "!x"),
    *(
        "it's",
        'q"q',
        "\\x",
        "a[b",
        "]",
        "{x}",
        "- x",
        "-",
        "? x",
        "|",
        ">",
        "%x",
        "`x",
        "a,b",
    ),
    *(
        "${x}",
        "$",
        "<<",
        "=",
        ".",
        "..",
        "a..b",
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        "日本",
        "😀",
    ),
    *("e\N{COMBINING ACUTE ACCENT}", "x" * 256, "enabled", "client-secret"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("secret", [True, False], ids=["Secret", "ConfigMap"])
def test_a_printed_registration_loads_for_every_valid_name(
    name: str, *, secret: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["new-client", name]) == 0
    printed = capsys.readouterr().out
    clients = pasted(tmp_path, printed, secret=secret).clients
    assert list(clients) == [unicodedata.normalize("NFC", name)]
    (client,) = clients.values()
    assert matches_blocking(client.client_secret[0], printed.splitlines()[0].rpartition(" ")[2])


@pytest.mark.parametrize(
    "name", ["", "a:b", "a\nb", "a\tb", "\x7f", "\xa0", "x" * 257, "\u0301" * 31, "[x]", "[my.app]"]
)
def test_no_registration_is_made_for_an_invalid_name(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["new-client", name]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("cas-server: the name ")


def test_new_client_prints_a_registration_that_matches_its_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["new-client", "orders"]) == 0
    printed = capsys.readouterr().out
    secret = printed.splitlines()[0].rpartition(" ")[2]
    client = loaded(tmp_path, yaml.safe_load(printed)).settings.clients["orders"]
    assert len(secret) == 43, "256 bits in base64url"
    assert matches_blocking(client.client_secret[0], secret)


def test_invalid_arguments_exit_with_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["new-client"]) == 2
    assert capsys.readouterr().err.startswith("usage:")


@pytest.mark.parametrize("arguments", [["hash-password", "--help"], ["new-client", "-h"]])
def test_help_describes_the_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 0
    assert "one line of standard input" in capsys.readouterr().out
