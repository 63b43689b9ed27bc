"""docs/design/code-flow.md, "PKCE": S256 alone, and what a verifier has to be."""

import pytest

from cas_server.authorization.pkce import challenge_of, requested_challenge, verify
from cas_server.errors import InvalidGrant
from chassis.errors import InvalidRequest

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_example_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    assert challenge_of(VERIFIER) == CHALLENGE
    assert requested_challenge(CHALLENGE, "S256", is_required=True) == CHALLENGE
    verify(CHALLENGE, VERIFIER)


@pytest.mark.parametrize(
    ("challenge", "method"),
    [
        *((None, None), (None, "S256"), (CHALLENGE, None), (CHALLENGE, "plain")),
        *((CHALLENGE, "s256"), (CHALLENGE[:-1], "S256"), (CHALLENGE + "A", "S256")),
        *((CHALLENGE[:-1] + "=", "S256"), (CHALLENGE[:-1] + "+", "S256"), ("", "S256")),
    ],
)
def test_a_request_needs_a_challenge_by_s256(challenge: str | None, method: str | None) -> None:
    """RFC 9700, 2.1.1; RFC 7636, 4.3: without a method it would be `plain`."""
    with pytest.raises(InvalidRequest):
        requested_challenge(challenge, method, is_required=True)


def test_a_challenge_may_be_left_out_only_where_it_is_not_required() -> None:
    assert requested_challenge(None, None, is_required=False) == ""
    assert requested_challenge(CHALLENGE, "S256", is_required=False) == CHALLENGE
    with pytest.raises(InvalidRequest):
        requested_challenge(None, "S256", is_required=False)


@pytest.mark.parametrize(
    "verifier", [None, "", VERIFIER[:-1], VERIFIER + "A", CHALLENGE, "A" * 129, VERIFIER + "\n"]
)
def test_any_other_verifier_is_refused(verifier: str | None) -> None:
    """RFC 7636, 4.6."""
    with pytest.raises(InvalidGrant):
        verify(CHALLENGE, verifier)


@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "a" * 42 + "+", "a" * 42 + "é"])
def test_a_verifier_has_43_to_128_unreserved_characters(verifier: str) -> None:
    """RFC 7636, 4.1."""
    with pytest.raises(InvalidGrant):
        verify(challenge_of(verifier), verifier)


def test_a_verifier_without_a_challenge_is_a_downgrade() -> None:
    """RFC 9700, 4.8.2."""
    verify("", None)
    with pytest.raises(InvalidGrant):
        verify("", VERIFIER)
