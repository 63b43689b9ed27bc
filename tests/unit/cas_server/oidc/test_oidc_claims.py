"""docs/design/openid-connect.md, "Claims about a user"."""

from dataclasses import replace

import pytest

from cas_server.identities.users import User
from cas_server.oidc.claims import claims_about, subject_of

ALICE = User("alice", "", (), "", "Alice Example", "alice@example.com", email_verified=True)


def test_each_scope_has_its_claims() -> None:
    assert claims_about(ALICE, {"openid"}) == {"sub": "alice"}
    assert claims_about(ALICE, {"openid", "profile"}) == {
        "sub": "alice",
        "preferred_username": "alice",
        "name": "Alice Example",
    }
    assert claims_about(ALICE, {"openid", "email"}) == {
        "sub": "alice",
        "email": "alice@example.com",
        "email_verified": True,
    }


def test_what_is_not_registered_is_left_out() -> None:
    alice = replace(ALICE, full_name="", email="")
    assert claims_about(alice, {"openid", "profile", "email"}) == {
        "sub": "alice",
        "preferred_username": "alice",
    }


@pytest.mark.parametrize("name", ["é", "a" * 256])
def test_a_subject_is_ascii_and_short(name: str) -> None:
    subject = subject_of(name)
    assert subject.isascii()
    assert len(subject) == len("sha256:") + 64
    assert subject != subject_of(name + "x")


def test_a_short_name_in_ascii_is_the_subject_itself() -> None:
    assert subject_of("a" * 255) == "a" * 255
