"""What an authorization request has to be, and to whom its errors are told."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from cas_server.authorization.authorization_request import (
    MAX_NONCE,
    AuthorizationRequest,
    destination_of,
    parse,
)
from cas_server.authorization.parameters import Parameters
from cas_server.errors import UnsafeRedirect
from cas_server.identities.identities import Identities
from chassis.errors import ApiError, InvalidRequest
from signing_keys import OLD, pem
from unit.cas_server.cas_settings import APP, HASH, loaded

CALLBACK, CHALLENGE = "https://app.example/cb", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
REQUEST = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": CALLBACK,
    "state": "s",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
CODE_APP: dict[str, Any] = {
    **APP,
    "authorized-grant-types": "authorization_code",
    "redirect-uris": [CALLBACK],
    "scope": ["openid", "read", "write"],
}


@pytest.fixture
def identities(tmp_path: Path) -> Identities:
    other = {"client-secret": HASH, "resource-ids": "x", "redirect-uris": CALLBACK}
    clients = {"app": CODE_APP, "other": other, "nonce-app": CODE_APP | {"require-pkce": False}}
    keys = {f"{OLD}-rs256": pem("RS256")}
    return Identities(loaded(tmp_path, {"clients": clients, "signing-keys": keys}))


def parsed(identities: Identities, text: bytes) -> AuthorizationRequest:
    parameters = Parameters.of(text)
    return parse(parameters, destination_of(parameters, identities))


def changed(identities: Identities, **change: str) -> AuthorizationRequest:
    return parsed(identities, urlencode(REQUEST | change).encode())


def test_a_request_is_read(identities: Identities) -> None:
    request = changed(
        identities,
        scope="write openid address",
        nonce="n",
        prompt="login consent",
        max_age="0",
        login_hint="alice",
        acr_values="a b",
        unknown="x",
    )
    assert request.scopes == ("openid", "write")
    assert request.prompts == {"login", "consent"}
    assert (request.nonce, request.max_age, request.login_hint) == ("n", 0, "alice")
    assert request.acr_values == ("a", "b")
    assert request.code_challenge == CHALLENGE
    assert request.destination.state == "s"
    assert "unknown" not in request.parameters


def test_without_a_scope_all_are_granted(identities: Identities) -> None:
    assert changed(identities).scopes == ("openid", "read", "write")


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": ""},
        {"client_id": "nobody"},
        {"redirect_uri": ""},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": "https://evil.example/cb"},
    ],
)
def test_an_unsafe_destination_is_told_to_nobody_else(
    identities: Identities, change: dict[str, str]
) -> None:
    """RFC 6749, 4.1.2.1; RFC 9700, 4.11.2."""
    with pytest.raises(UnsafeRedirect):
        changed(identities, **change)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_repeated_destination_is_unsafe(identities: Identities, name: str) -> None:
    text = urlencode(REQUEST) + f"&{name}={REQUEST[name]}"
    with pytest.raises(UnsafeRedirect):
        parsed(identities, text.encode())


@pytest.mark.bound("nonce")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": "read admin"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1e3"}, "invalid_request"),
        ({"max_age": "9" * 5000}, "invalid_request"),
        ({"nonce": "n" * (MAX_NONCE + 1)}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://app.example/r"}, "request_uri_not_supported"),
        ({"client_id": "other"}, "unauthorized_client"),
    ],
)
def test_any_other_error_goes_to_the_client(
    identities: Identities, change: dict[str, str], error: str
) -> None:
    """RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6."""
    with pytest.raises(ApiError) as refused:
        changed(identities, **change)
    assert not isinstance(refused.value, UnsafeRedirect)
    assert refused.value.error == error


@pytest.mark.parametrize("mode", ["form_post", "fragment", "query.jwt", "QUERY"])
def test_a_response_mode_but_query_is_refused(identities: Identities, mode: str) -> None:
    """docs/design/code-flow.md, "Requests"; the metadata have `response_modes_supported`."""
    with pytest.raises(InvalidRequest, match="response_mode is not supported; send query"):
        changed(identities, response_mode=mode)
    for supported in ("query", ""):
        assert changed(identities, response_mode=supported).destination.redirect_uri == CALLBACK


@pytest.mark.parametrize("again", ["state=s", "scope=read", "unknown=1&unknown=2", "nonce=&nonce="])
def test_a_repeated_parameter_is_refused(identities: Identities, again: str) -> None:
    """RFC 6749, 3.1; a repeated state is not sent back."""
    text = urlencode(REQUEST | {"scope": "read"}) + f"&{again}"
    parameters = Parameters.of(text.encode())
    destination = destination_of(parameters, identities)
    with pytest.raises(InvalidRequest):
        parse(parameters, destination)
    assert destination.state == (None if again.startswith("state") else "s")


def test_pkce_may_be_missing_where_the_client_need_not_have_it(identities: Identities) -> None:
    """RFC 9700, 2.1.1."""
    request = changed(
        identities, client_id="nonce-app", code_challenge="", code_challenge_method=""
    )
    assert request.code_challenge == ""


@pytest.mark.parametrize("text", [b"client_id=%ff", b"a=&" * 40])
def test_a_malformed_request_is_refused(identities: Identities, text: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parsed(identities, text)
