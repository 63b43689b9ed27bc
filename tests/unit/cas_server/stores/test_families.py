"""The stored text of a family of refresh tokens."""

from dataclasses import replace

import pytest

from cas_server.stores.token_store import Family
from cas_server.tokens.access_tokens import Grant
from cas_server.tokens.logins import BY_PASSWORD, Login

GRANT = Grant("app", ("read",), ("a", "b"), (), "alice", "f" * 16, "password", 7, 5)
EARLIER = b'[1800000000,"app",["read"],["a","b"],"alice","ffffffffffffffff","password",7,5]'
"""As version 1.0 wrote it."""


@pytest.mark.parametrize("grant", [GRANT, replace(GRANT, login=Login(1_700_000_000))])
def test_a_family_survives_its_record(grant: Grant) -> None:
    family = Family("name", grant, 1_800_000_000)
    assert Family.decode("name", family.encode()) == family


def test_a_family_without_a_login_is_stored_as_before() -> None:
    assert Family("name", GRANT, 1_800_000_000).encode() == EARLIER


def test_a_family_keeps_when_and_how_its_user_logged_in() -> None:
    """docs/design/openid-connect.md, "id_tokens": a refresh keeps `auth_time`."""
    family = Family("name", replace(GRANT, login=Login(5)), 1_800_000_000)
    assert Family.decode("name", family.encode()).grant.login == (5, BY_PASSWORD)
