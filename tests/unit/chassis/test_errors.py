"""The error tree."""

import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from chassis.errors import (
    ApiError,
    InsufficientScope,
    InvalidToken,
    TemporarilyUnavailable,
    challenge,
    error_response,
    send_error,
)


def test_an_invalid_token_gets_a_challenge() -> None:
    """RFC 6750 section 3."""
    response = error_response(InvalidToken("Token has expired"))

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == (
        'Bearer realm="api", error="invalid_token", error_description="Token has expired"'
    )
    assert json.loads(bytes(response.body)) == {
        "error": "invalid_token",
        "error_description": "Token has expired",
    }


def test_insufficient_scope_names_the_scopes() -> None:
    """RFC 6750 section 3: the `scope` attribute."""
    response = error_response(InsufficientScope(["read", "write"]))

    assert response.status_code == 403
    assert 'scope="read write"' in response.headers["www-authenticate"]


def test_a_missing_token_gets_a_challenge_without_an_error_code() -> None:
    """RFC 6750 section 3.1."""
    assert challenge() == 'Bearer realm="api"'


@pytest.mark.parametrize("text", ['a "quote', "a\r\nX-Injected: 1", "schön", "back\\slash"])
def test_a_description_cannot_break_out_of_its_quotes(text: str) -> None:
    value = challenge("invalid_token", text)

    assert value.count('"') == 6
    assert value.isascii()
    assert value.isprintable()
    assert "\\" not in value


def test_error_responses_have_no_store() -> None:
    assert error_response(TemporarilyUnavailable()).headers["cache-control"] == "no-store"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "error", [InvalidToken("Token has expired"), TemporarilyUnavailable(), InsufficientScope("x")]
)
async def test_an_error_is_sent_as_it_is_rendered(error: ApiError) -> None:
    sent = list[MutableMapping[str, Any]]()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await send_error(error, send)
    response = error_response(error)
    assert sent[0]["status"] == response.status_code
    assert sorted(sent[0]["headers"]) == sorted(response.raw_headers)
    assert sent[1]["body"] == response.body
