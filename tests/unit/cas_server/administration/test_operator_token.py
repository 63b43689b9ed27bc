"""docs/design/administration.md, "Who may": rule 3, the token of a command in the pod."""

import base64
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from cas_server.administration.operator_token import (
    LIFETIME_S,
    OPERATOR,
    OperatorTokens,
    new_operator_token,
)
from cas_server.app import create_app
from cas_server.settings import AdministrationSettings, CasSettings
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig
from chassis.testing import bearer

KEY = SecretStr("k" * 43)
KEYS_PATH = "/admin/v1/keys"


def loaded(*keys: SecretStr, enabled: bool | None = None) -> LiveConfig[CasSettings]:
    administration = AdministrationSettings(enabled=enabled)
    return LiveConfig.fixed(CasSettings(record_keys=keys, administration=administration))


def tokens(live: LiveConfig[CasSettings]) -> OperatorTokens:
    return OperatorTokens(live, RecordKeys(live))


async def status(live: LiveConfig[CasSettings], token: str, address: str) -> int:
    """Return the status of a request from an address; no route here needs Redis."""
    transport = httpx.ASGITransport(create_app(live), client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        return (await http.get(KEYS_PATH, headers=bearer(token))).status_code


def test_it_has_the_rights_of_the_settings() -> None:
    live = loaded(KEY)
    found = tokens(live).read(new_operator_token(RecordKeys(live)))
    assert found is not None
    assert (found.name, found.user_name) == (OPERATOR, None)
    assert found.scopes == {"admin"}
    assert found.authorities == {"ROLE_ADMIN"}
    assert found.audience == {"cas-server"}


def test_a_key_that_is_rotated_out_still_opens() -> None:
    before = new_operator_token(RecordKeys(loaded(KEY)))
    assert tokens(loaded(SecretStr("n" * 43), KEY)).read(before) is not None
    assert tokens(loaded(SecretStr("n" * 43))).read(before) is None


def test_it_ends_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    live = loaded(KEY)
    token = new_operator_token(RecordKeys(live))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LIFETIME_S + 1)
    assert tokens(live).read(token) is None


def test_the_demo_key_makes_none() -> None:
    live = LiveConfig.fixed(CasSettings())
    assert tokens(live).read(new_operator_token(RecordKeys(live))) is None


@given(st.data())
def test_a_changed_one_is_unknown(data: st.DataObject) -> None:
    live = loaded(KEY)
    prefix, _, text = new_operator_token(RecordKeys(live)).partition(".")
    raw = bytearray(base64.urlsafe_b64decode(text + "="))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    changed = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert tokens(live).read(f"{prefix}.{changed}") is None


@given(st.text())
def test_no_other_text_is_one(text: str) -> None:
    reader = tokens(loaded(KEY))
    assert reader.read(text) is None
    assert reader.read(f"operator.{text}") is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", 200), ("127.8.9.1", 200), ("::1", 200), ("10.1.2.3", 403), ("", 403)],
)
async def test_it_is_taken_from_the_pod_alone(address: str, expected: int) -> None:
    live = loaded(KEY, enabled=False)
    token = new_operator_token(RecordKeys(live))
    assert await status(live, token, address) == expected
