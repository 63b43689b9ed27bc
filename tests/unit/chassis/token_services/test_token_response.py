"""docs/design/protocol.md, "Responses of authorization servers": unclear ones are refused."""

import json
import time
from typing import Any

import pytest

from chassis.errors import InvalidToken
from chassis.security.errors import ForeignToken
from chassis.token_services import response
from chassis.token_services.response import MalformedResponseError, checked_token, known_user

LIVE: dict[str, Any] = {
    "active": True,
    "client_id": "demo-app",
    "user_name": "alice",
    "authorities": ["ROLE_USER"],
    "scope": ["read", "write"],
    "aud": ["order-service", "stock-service"],
    "exp": 4102444800,
    "jti": "1",
    "department": "sales",
}


def check(**changed: Any) -> Any:
    body = {key: value for key, value in {**LIVE, **changed}.items() if value is not ...}
    return checked_token(json.dumps(body).encode(), resource_id="order-service")


def test_a_valid_token_identifies_its_user() -> None:
    caller = check()
    assert (caller.name, caller.user_name, caller.client_id) == ("alice", "alice", "demo-app")
    assert caller.scopes == {"read", "write"}
    assert caller.authorities == {"ROLE_USER"}
    assert caller.audience == {"order-service", "stock-service"}
    assert caller.expires_at == 4102444800
    assert caller.claims["department"] == "sales"


def test_a_client_token_has_no_user_and_is_named_by_its_client() -> None:
    caller = check(user_name=...)
    assert caller.user_name is None
    assert caller.name == "demo-app"


def test_a_response_without_active_is_accepted() -> None:
    assert check(active=...).client_id == "demo-app"


def test_scope_and_audience_may_be_strings() -> None:
    caller = check(scope="read write", aud="order-service")
    assert caller.scopes == {"read", "write"}
    assert caller.audience == {"order-service"}


@pytest.mark.parametrize(
    ("authorities", "read"),
    [
        ("ROLE_USER", {"ROLE_USER"}),
        ("ROLE_USER, ROLE_ADMIN,", {"ROLE_USER", "ROLE_ADMIN"}),
        ("", set()),
        ([], set()),
        ([{"authority": "ROLE_USER"}], {"ROLE_USER"}),
        ([{"authority": "ROLE_USER", "id": 7}, "ROLE_ADMIN"], {"ROLE_USER", "ROLE_ADMIN"}),
        ([{"role": "ROLE_USER"}, {"value": "ROLE_ADMIN"}], {"ROLE_USER", "ROLE_ADMIN"}),
        (["ROLE_A,ROLE_ADMIN"], {"ROLE_A,ROLE_ADMIN"}),
    ],
)
def test_authorities_are_read_as_spring_reads_them(authorities: object, read: set[str]) -> None:
    """Names within a list are not split again."""
    assert check(authorities=authorities).authorities == read
    body = json.dumps({"username": "alice", "authorities": authorities}).encode()
    assert known_user(body, client_id="c", resource_id=None).authorities == read


def test_a_token_without_exp_is_valid_until_it_is_checked_again() -> None:
    """RFC 7662, 2.2: `exp` is optional, and the server has just declared the token active."""
    assert check(exp=...).expires_at is None


def test_an_exp_with_a_fraction_is_accepted() -> None:
    """RFC 7519, 2, NumericDate."""
    assert check(exp=4102444800.5).expires_at == 4102444800


def test_an_audience_that_is_a_string_is_one_name() -> None:
    """RFC 7519, 4.1.3; if split, a name with a space would be accepted by two services."""
    with pytest.raises(InvalidToken):
        check(aud="other order-service")


@pytest.mark.parametrize(
    "changed",
    [
        {"active": False},
        {"exp": 1},
        {"exp": 1.5},
        {"exp": int(time.time())},  # has come, whenever this runs
        {"aud": ...},
        {"aud": []},
        {"aud": ["stock-service"]},
        {"aud": ["REST-SERVICE"]},
    ],
    ids=lambda changed: f"{next(iter(changed))}",
)
def test_an_inactive_expired_or_foreign_token_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        check(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"active": "true"},
        {"active": 1},
        {"active": None},
        {"error": "invalid_token"},
        {"client_id": ...},
        {"client_id": ""},
        {"client_id": 1},
        {"user_name": None},
        {"user_name": ""},
        {"authorities": 1},
        {"authorities": None},
        {"authorities": {"authority": "ROLE_ADMIN"}},
        {"authorities": [1]},
        {"authorities": [["ROLE_ADMIN"]]},
        {"authorities": [{"name": "ROLE_ADMIN", "id": 1}]},
        {"authorities": [{"authority": ["ROLE_ADMIN"]}]},
        {"scope": None},
        {"aud": {"order-service": True}},
        {"scope": {"read": True}},
        {"aud": 1},
        {"exp": "4102444800"},
        {"exp": True},
        {"exp": [4102444800]},
        {"exp": None},
    ],
    ids=str,
)
def test_a_response_without_required_fields_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(MalformedResponseError):
        check(**changed)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"alice"',
        b"<html>",
        b'{"detail":"Not Found"}',
        json.dumps(LIVE).encode().replace(b"4102444800", b"1e999"),
        json.dumps(LIVE).encode().replace(b"4102444800", b"Infinity"),
        json.dumps(LIVE).encode().replace(b"alice", b"\\ud800"),
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_response_that_describes_no_token_is_refused(body: bytes) -> None:
    """Resource servers from 2.3.5 on took `{"detail": …}` for a good token."""
    with pytest.raises(MalformedResponseError):
        checked_token(body, resource_id=None)


def test_a_malformed_response_is_never_quoted() -> None:
    with pytest.raises(MalformedResponseError) as raised:
        check(client_id=["s3cret"])
    assert "s3cret" not in str(raised.value)


def test_without_a_resource_id_any_audience_is_accepted() -> None:
    body = json.dumps({**LIVE, "aud": ["other"]}).encode()
    assert checked_token(body, resource_id=None).audience == {"other"}


def test_user_info_is_accepted_for_the_services_own_client() -> None:
    body = json.dumps({"username": "alice", "authorities": ["ROLE_USER"]}).encode()
    caller = known_user(body, client_id="order-service", resource_id=None)
    assert (caller.user_name, caller.client_id) == ("alice", "order-service")
    assert caller.authorities == {"ROLE_USER"}


def test_user_info_without_audience_is_refused_when_an_audience_is_required() -> None:
    body = json.dumps({"username": "alice"}).encode()
    with pytest.raises(InvalidToken):
        known_user(body, client_id="order-service", resource_id="order-service")


def test_user_info_without_a_user_name_is_refused() -> None:
    with pytest.raises(MalformedResponseError):
        known_user(b'{"authorities":["ROLE_ADMIN"]}', client_id="c", resource_id=None)


def count_parses(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    parsed: list[bytes] = []
    parse = response.json_object

    def counted(body: bytes) -> dict[str, Any]:
        parsed.append(body)
        return parse(body)

    monkeypatch.setattr(response, "json_object", counted)
    return parsed


def test_the_same_response_is_parsed_once_for_each_resource(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed = count_parses(monkeypatch)
    body = json.dumps({"client_id": "parsed-once", "aud": ["a", "b"]}).encode()
    assert checked_token(body, resource_id="a") is checked_token(bytes(body), resource_id="a")
    assert len(parsed) == 1
    checked_token(body, resource_id="b")
    with pytest.raises(ForeignToken):
        checked_token(body, resource_id="c")
    assert len(parsed) == 3


def test_a_response_that_was_parsed_before_is_refused_once_it_has_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = json.dumps({"client_id": "expires", "exp": 2_000.5}).encode()
    for now in (1_000.0, 2_000.4):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        assert checked_token(body, resource_id=None).client_id == "expires"
    monkeypatch.setattr(time, "time", lambda: 2_000.5)
    with pytest.raises(InvalidToken):
        checked_token(body, resource_id=None)


@pytest.mark.bound("parsed-responses")
def test_what_is_remembered_of_responses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = count_parses(monkeypatch)
    large = json.dumps({"client_id": "large", "more": "x" * 4096}).encode()
    for _ in range(2):
        checked_token(large, resource_id=None)
    assert parsed == [large, large]
    for number in range(600):
        checked_token(b'{"client_id": "%d"}' % number, resource_id=None)
    assert response._known_token.cache_info().currsize == 512
