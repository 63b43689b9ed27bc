"""The records of access tokens: both forms are read, and neither has a token."""

import hashlib
from dataclasses import replace

import pytest

from cas_server.tokens import token_records
from cas_server.tokens.access_tokens import Grant, Stamp, StoredToken, new_token, token_hash
from cas_server.tokens.logins import BY_PASSWORD, Login

USER = Grant(
    "app",
    ("read", "write"),
    ("a", "b"),
    ("ROLE_USER", 'with "quotes",\ta tab and ü'),
    "alice smith",
    "f" * 16,
    "password",
    since=1_700_000_000_000_000,
    client_since=1_600_000_000_000_000,
)
CLIENT = Grant("äpp", (), ("a",), ())
OF_A_LOGIN = replace(USER, grant_type="authorization_code", login=Login(1_700_000_000))
EARLIER = (
    b"1800000600\tapp\talice\tffffffffffffffff\tpassword\t1700000000000000\t0\ta b\n"
    b'{"active":true,"client_id":"app","user_name":"alice","authorities":["ROLE_USER"],'
    b'"scope":["read"],"aud":["a","b"],"exp":1800000600,"iat":1800000000,'
    b'"jti":"00112233445566778899"}'
)
"""As version 1.0 wrote it."""


@pytest.mark.parametrize("grant", [USER, CLIENT, OF_A_LOGIN])
def test_a_token_survives_both_forms_of_its_record(grant: Grant) -> None:
    stored = grant.stored(600)
    assert token_records.decode(token_records.encode(stored)) == stored
    assert token_records.decode_earlier(token_records.encode_earlier(stored)) == stored


def test_a_record_of_the_earlier_form_is_read_and_has_the_same_response() -> None:
    stored = token_records.decode_earlier(EARLIER)
    assert stored.response == EARLIER.partition(b"\n")[2]
    assert (stored.user_name, stored.audience, stored.since) == ("alice", ("a", "b"), 17 * 10**14)
    assert token_records.encode_earlier(stored) == EARLIER
    compact = token_records.decode(token_records.encode(stored))
    assert compact == stored, "the response is rendered to the letter"


def test_a_record_of_a_later_form_is_unknown() -> None:
    record = token_records.encode(CLIENT.stored(60))
    assert token_records.decode(b"\3" + record[1:]) is None


def test_a_login_is_in_the_response_and_costs_other_tokens_nothing() -> None:
    """docs/design/openid-connect.md, "Step-up"."""
    claims = OF_A_LOGIN.stored(60).claims()
    assert (claims["auth_time"], claims["acr"]) == (1_700_000_000, BY_PASSWORD)
    assert not {"auth_time", "acr"} & USER.stored(60).claims().keys()
    assert len(token_records.encode(CLIENT.stored(60))) == 39 + len("äpp\t\t\t\ta\t\t".encode())


def test_a_stamp_is_part_of_the_record() -> None:
    stamped = CLIENT.stored(60).stamped(Stamp(7, 5))
    found = token_records.decode(token_records.encode(stamped))
    assert isinstance(found, StoredToken)
    assert (found.since, found.client_since) == (7, 5)


def test_neither_name_nor_record_has_the_token() -> None:
    token = new_token()
    hashed = token_hash(token)
    assert token_records.name_of(hashed) == b"t:" + hashlib.sha256(token.encode()).digest()
    assert token_records.earlier_name_of(hashed) == b"t:" + hashed.encode()
    assert token.encode() not in token_records.encode(USER.stored(60))
    assert token.encode() not in token_records.encode_earlier(USER.stored(60))
