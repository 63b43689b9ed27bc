"""RFC 6750 section 2.1: a bearer token comes in one Authorization header."""

import pytest

from chassis.errors import ApiError, InvalidRequest, InvalidToken
from chassis.security.bearer import BearerToken, bearer_token


def header(value: str) -> tuple[bytes, bytes]:
    return (b"authorization", value.encode("latin-1"))


@pytest.mark.parametrize("value", ["Bearer ", "bearer ", "BEARER  "])
def test_the_scheme_has_any_case(value: str) -> None:
    assert bearer_token([header(value + "abc-._~+/9==")]) == BearerToken("abc-._~+/9==")


@pytest.mark.parametrize("headers", [[], [header("Basic YTpi")], [(b"x-token", b"Bearer abc")]])
def test_any_other_header_has_no_token(headers: list[tuple[bytes, bytes]]) -> None:
    assert bearer_token(headers) is None


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ([header("Bearer a"), header("Bearer b")], InvalidRequest),
        ([header("Bearer a"), header("Basic YTpi")], InvalidRequest),
        ([header("Bearer")], InvalidToken),
        ([header("Bearer ")], InvalidToken),
        ([header("Bearer a b")], InvalidToken),
        ([header("Bearer a\xe9")], InvalidToken),
        ([header("Bearer a%20")], InvalidToken),
        ([header("Bearer a=b")], InvalidToken),
    ],
)
def test_malformed_tokens_are_refused_without_a_check(
    headers: list[tuple[bytes, bytes]], error: type[ApiError]
) -> None:
    with pytest.raises(error):
        bearer_token(headers)


@pytest.mark.bound("bearer-token")
def test_a_token_has_at_most_4096_characters() -> None:
    assert bearer_token([header("Bearer " + "a" * 4096)]) == BearerToken("a" * 4096)
    with pytest.raises(InvalidToken):
        bearer_token([header("Bearer " + "a" * 4097)])


def test_a_token_is_not_shown_in_a_repr() -> None:
    assert "s3cret" not in repr(BearerToken("s3cret"))
