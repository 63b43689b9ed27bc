"""docs/design/openid-connect.md, "Hints": which id_tokens are taken back."""

import time
from pathlib import Path
from typing import Any

import pytest

from cas_server.oidc.id_token_hints import Hint, IdTokenHints
from cas_server.signing.signing_keys import SigningKeys
from signing_keys import NEW, OLD, key_file, pem
from unit.cas_server.cas_settings import loaded

CLAIMS: dict[str, Any] = {
    "iss": "http://cas-server-service",
    "sub": "alice",
    "aud": "shop",
    "iat": 1_700_000_000,
    "exp": 1_700_000_600,
    "sid": "s1",
}


def _parts(directory: Path, **keys: str) -> tuple[IdTokenHints, SigningKeys]:
    live = loaded(directory, {"signing-keys": keys or {"rs": pem("RS256")}})
    signing = SigningKeys(live)
    return IdTokenHints(live, signing), signing


def test_an_id_token_names_user_client_and_session_also_when_it_has_expired(tmp_path: Path) -> None:
    hints, keys = _parts(tmp_path)
    assert hints.read(keys.sign("RS256", "JWT", CLAIMS)) == Hint("shop", "alice", "s1")
    young = {**CLAIMS, "exp": int(time.time()) + 60}
    del young["sid"]
    assert hints.read(keys.sign("RS256", "JWT", young)) == Hint("shop", "alice", "")


def test_a_key_that_signs_no_longer_still_counts_while_it_is_published(tmp_path: Path) -> None:
    old, new = key_file(OLD, "RS256"), key_file(NEW, "RS256", 1)
    names = {name.removeprefix("signing-keys."): text for name, text in (old | new).items()}
    hints, keys = _parts(tmp_path, **names)
    with_old = _parts(tmp_path, rs=pem("RS256"))[1].sign("RS256", "JWT", CLAIMS)
    assert keys.signing("RS256") != keys.published(with_old)
    assert hints.read(with_old) is not None


@pytest.mark.parametrize("kind", ["at+jwt", "logout+jwt"])
def test_another_kind_of_token_is_none(tmp_path: Path, kind: str) -> None:
    hints, keys = _parts(tmp_path)
    assert hints.read(keys.sign("RS256", kind, CLAIMS)) is None


@pytest.mark.parametrize("change", [{"iss": "http://other"}, {"client_id": "shop"}])
def test_the_token_of_another_issuer_and_an_access_token_are_none(
    tmp_path: Path, change: dict[str, str]
) -> None:
    hints, keys = _parts(tmp_path)
    assert hints.read(keys.sign("RS256", "JWT", CLAIMS | change)) is None


def test_a_forged_or_foreign_text_is_none(tmp_path: Path) -> None:
    hints, keys = _parts(tmp_path)
    head, payload, signature = keys.sign("RS256", "JWT", CLAIMS).split(".")
    foreign = _parts(tmp_path, rs=pem("RS256", 7))[1].sign("RS256", "JWT", CLAIMS)
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    for text in (
        *("", "x", foreign, f"{unsigned}.{payload}.", f"{head}.{payload}."),
        *(f"{head}.{payload[:-4]}AAAA.{signature}", f"{head}.{payload}.{signature}A", "a" * 5000),
    ):
        assert hints.read(text) is None
