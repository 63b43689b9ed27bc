"""docs/design/protocol.md, "Refresh tokens": the sealed response to a rotation."""

import time

from cas_server.settings import CasSettings
from cas_server.stores.token_store import Family
from cas_server.tokens.access_tokens import Grant, new_token
from cas_server.tokens.record_keys import RecordKeys
from cas_server.tokens.refresh_tokens import new_family_id
from cas_server.tokens.token_pairs import Step, TokenResponse, new_pair, seal, unseal
from chassis import LiveConfig

KEYS = RecordKeys(LiveConfig.fixed(CasSettings()))
GRANT = Grant("app", ("read",), ("a",), (), "alice", "f" * 16)


def test_a_sealed_response_opens_only_with_the_presented_token() -> None:
    presented, response = new_token(), TokenResponse(new_token(), 600, "read", new_token())
    sealed = seal(presented, response)
    assert unseal(presented, sealed) == response
    assert unseal(new_token(), sealed) is None
    assert unseal(presented, sealed[:-1] + bytes([sealed[-1] ^ 1])) is None


def test_an_id_token_goes_with_the_pair_and_is_repeated_with_it() -> None:
    """docs/design/openid-connect.md, "id_tokens"."""
    family = Family(new_family_id(), GRANT, int(time.time()) + 100)
    presented = new_token()
    pair, response = new_pair(
        KEYS, family, GRANT, Step(2, presented, 600, 50), id_token_of=lambda text: f"for {text}"
    )
    assert response.id_token == f"for {response.access_token}"
    assert response.id_token not in repr(response)
    assert unseal(presented, pair.sealed_response) == response


def test_a_sealed_response_shows_no_token_and_never_repeats() -> None:
    presented, response = new_token(), TokenResponse(new_token(), 600, "read", new_token())
    sealed = seal(presented, response)
    assert response.access_token.encode() not in sealed
    assert sealed != seal(presented, response)


def test_a_successor_stays_in_its_family_and_expires_with_it() -> None:
    ends_at = int(time.time()) + 100
    family = Family(new_family_id(), GRANT, ends_at)
    first, response = new_pair(KEYS, family, GRANT, Step(1, "", 600, 50))
    second, _ = new_pair(KEYS, family, GRANT, Step(2, response.refresh_token or "", 600, 50))
    assert second.family == first.family
    assert (first.number, second.number) == (1, 2)
    assert second.access.expires_at <= ends_at + 1


def test_expires_in_is_never_0() -> None:
    """`expires_in: 0` is read as "never expires"."""
    now = int(time.time())
    family = Family(new_family_id(), GRANT, ends_at=now)
    _, response = new_pair(KEYS, family, GRANT, Step(1, "", 600, 1))
    assert response.fields()["expires_in"] >= 1


def test_a_response_shows_no_token_in_its_repr() -> None:
    """docs/design/protocol.md, "Secrets"."""
    response = TokenResponse(new_token(), 600, "read", new_token())
    assert response.access_token not in repr(response)
    assert str(response.refresh_token) not in repr(response)
