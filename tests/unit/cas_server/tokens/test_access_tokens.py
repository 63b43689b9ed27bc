"""Tokens: their randomness, their stored record, and the response about them."""

import base64
import json
import time
from dataclasses import replace

from cas_server.tokens.access_tokens import Grant, Stamp, new_token

USER = Grant("app", ("read", "write"), ("a", "b"), ("ROLE_USER",), "alice smith", "f" * 16)


def test_a_token_has_160_bits_of_randomness() -> None:
    """docs/design/protocol.md, "Secrets"."""
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert min(len(base64.urlsafe_b64decode(token + "=")) * 8 for token in tokens) >= 160


def test_the_response_for_a_client_token_has_no_user_name_and_no_null() -> None:
    """A client that reads `user_name: null` would log in a user without a name."""
    response = json.loads(Grant("app", (), ("a",), ()).stored(60).response)
    assert "user_name" not in response
    assert "authorities" not in response, "only if not empty"
    assert None not in response.values()


def test_the_response_has_arrays_and_an_integer_expiry() -> None:
    """A string `exp` breaks Boot 3, `authorities` as a string the old stack."""
    before = time.time()
    response = json.loads(USER.stored(60).response)
    after = time.time()
    assert response["active"] is True
    assert (response["scope"], response["aud"]) == (["read", "write"], ["a", "b"])
    assert response["authorities"] == ["ROLE_USER"]
    assert type(response["exp"]) is int
    assert before + 60 <= response["exp"] <= after + 61


def test_two_tokens_have_different_ids() -> None:
    first, second = (json.loads(USER.stored(60).response)["jti"] for _ in range(2))
    assert first != second


def test_a_stamp_that_is_there_already_copies_nothing() -> None:
    grant = Grant("app", ("read",), ("a",), (), since=7, client_since=3)
    token = grant.stored(60)
    assert grant.stamped(Stamp(7, 3)) is grant
    assert token.stamped(Stamp(7, 3)) is token
    for other in (Stamp(8, 3), Stamp(7, 4)):
        assert grant.stamped(other) == replace(grant, **other._asdict())
        assert token.stamped(other)[5:7] == other
