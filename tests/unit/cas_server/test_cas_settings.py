"""Validation of cas-server's configuration."""

from pathlib import Path
from typing import Any

import pytest

from cas_server.settings import CasSettings
from chassis.config import ConfigError
from unit.cas_server.cas_settings import APP, HASH, SECRET, loaded


def test_a_registration_accepts_the_names_of_the_seed_stack(tmp_path: Path) -> None:
    app = loaded(tmp_path, {"clients": {"app": APP}}).settings.clients["app"]
    assert app.client_secret == (HASH,)
    assert app.authorized_grant_types == ("password", "refresh_token")
    assert app.resource_ids == ("order-service",)
    assert app.authorities == ("ROLE_CLIENT",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"resource-ids": []}, "clients.app.resource-ids: is empty"),
        ({"client-secret": "plain"}, "clients.app.client-secret"),
        ({"client-secret": [HASH, HASH, HASH]}, "clients.app.client-secret"),
        ({"scope": ["read write"]}, "clients.app.scope"),
        ({"access-token-validity-seconds": 0}, "clients.app.access-token-validity-seconds"),
        ({"secret": "x"}, "clients.app.secret"),
    ],
    ids=["no audience", "plain-text secret", "three secrets", "space", "never expires", "typo"],
)
def test_an_invalid_registration_is_refused_with_its_key_and_line(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, {"clients": {"app": APP | change}})
    assert said in str(refused.value)
    assert "application.yaml:" in str(refused.value)


def test_missing_resource_ids_are_refused(tmp_path: Path) -> None:
    """docs/design/protocol.md, "token": `resource-ids` is required."""
    app = {name: value for name, value in APP.items() if name != "resource-ids"}
    with pytest.raises(ConfigError, match=r"clients\.app\.resource-ids"):
        loaded(tmp_path, {"clients": {"app": app}})


def test_a_client_without_a_secret_is_refused_with_a_remedy(tmp_path: Path) -> None:
    app = {name: value for name, value in APP.items() if name != "client-secret"}
    with pytest.raises(ConfigError, match=r"clients\.app\.client-secret: .*cas-server new-client"):
        loaded(tmp_path, {"clients": {"app": app}})


def test_a_plain_text_password_is_refused_and_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"users\.alice\.password") as refused:
        loaded(tmp_path, {"users": {"alice": {"password": "open-sesame"}}})
    assert "open-sesame" not in str(refused.value)


def test_a_user_with_the_name_of_a_client_is_refused(tmp_path: Path) -> None:
    """docs/design/protocol.md, "Names of clients and users"."""
    with pytest.raises(ConfigError, match=r"users\.app: is a client's name too"):
        loaded(tmp_path, {"clients": {"app": APP}, "users": {"app": {"password": HASH}}})


@pytest.mark.parametrize("name", ["a:b", "a\tb"])
def test_a_name_that_basic_authentication_can_not_carry_is_refused(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigError, match="has a colon or a control character"):
        loaded(tmp_path, {"clients": {name: APP}})


@pytest.mark.parametrize(
    "issuer",
    [
        *("cas", "ftp://cas", "https://", "https://:443", "https://cas:0", "https://cas:x"),
        *("https://cas?x=1", "https://cas#x", "https://cas?", "https://cas#", "https://a b"),
        *("https://user:secret@cas", "https://cas/\N{SNOWMAN}", "https://cas/a\tb", "https://[cas"),
    ],
)
def test_an_issuer_that_is_not_a_url_is_refused(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(ConfigError, match="issuer"):
        loaded(tmp_path, {"issuer": issuer})


@pytest.mark.parametrize("half", [{"master": "m"}, {"nodes": "a:26379"}])
def test_sentinels_without_a_master_and_a_master_without_sentinels_are_refused(
    tmp_path: Path, half: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match="needs both, master and nodes"):
        loaded(tmp_path, {"spring": {"data": {"redis": {"sentinel": half}}}})


def test_the_wait_for_replicas_must_be_shorter_than_the_operation(tmp_path: Path) -> None:
    durability = {"wait-replicas": 1, "wait-timeout": "1s"}
    with pytest.raises(ConfigError, match=r"durability\.wait-timeout"):
        loaded(tmp_path, {"durability": durability})
    redis = {"data": {"redis": {"timeout": "2s"}}}
    assert loaded(tmp_path, {"durability": durability, "spring": redis})


def test_unknown_grant_types_are_refused(tmp_path: Path) -> None:
    """Regression: a misspelled grant type disabled the grant without a message."""
    for unknown in ("refresh-token", "client_credential", "implicit", "Password"):
        grants = {"authorized-grant-types": f"client_credentials, {unknown}"}
        with pytest.raises(ConfigError) as refused:
            loaded(tmp_path, {"clients": {"app": APP | grants}})
        assert "clients.app.authorized-grant-types" in str(refused.value)
        assert "client_credentials, password, refresh_token" in str(refused.value)


def test_names_with_the_same_nfc_form_are_one_name(tmp_path: Path) -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    settings = loaded(
        tmp_path, {"clients": {apart: APP}, "password-grant-clients": [apart]}
    ).settings
    assert list(settings.clients) == [composed]
    assert settings.password_grant_clients == (composed,)
    with pytest.raises(ConfigError, match="twice: names are compared in NFC"):
        loaded(tmp_path, {"clients": {apart: APP, composed: APP}})


@pytest.mark.bound("identity-name")
@pytest.mark.parametrize("kind", ["clients", "users"])
def test_a_name_has_at_most_256_characters(kind: str, tmp_path: Path) -> None:
    entry = APP if kind == "clients" else {"password": HASH}
    assert loaded(tmp_path, {kind: {"x" * 256: entry}})
    with pytest.raises(ConfigError, match="is longer than 256 characters"):
        loaded(tmp_path, {kind: {"x" * 257: entry}})


def test_another_secret_of_the_same_name_is_accepted_under_prod(tmp_path: Path) -> None:
    tree = {"clients": {"demo-app": APP}, "record-keys": [SECRET]}
    assert loaded(tmp_path, tree, profiles=("prod",))


def test_own_record_keys_are_required_under_prod(tmp_path: Path) -> None:
    """Anyone who knows the key and may write to Redis can become an administrator."""
    with pytest.raises(ConfigError, match="record-keys: is required under prod"):
        loaded(tmp_path, {"clients": {"app": APP}}, profiles=("prod",))
    known = CasSettings().record_keys[0].get_secret_value()
    with pytest.raises(ConfigError, match="record-keys: is required under prod"):
        loaded(tmp_path, {"record-keys": f"{SECRET}, {known}"}, profiles=("prod",))


@pytest.mark.parametrize("keys", ["short", [SECRET, "short"], []])
def test_a_guessable_record_key_is_refused_and_not_quoted(tmp_path: Path, keys: object) -> None:
    with pytest.raises(ConfigError, match="record-keys") as refused:
        loaded(tmp_path, {"record-keys": keys})
    assert "short" not in str(refused.value)


def test_record_keys_are_a_list_or_comma_separated_and_not_shown_in_a_repr(tmp_path: Path) -> None:
    for written in ([SECRET, 2 * SECRET], f"{SECRET}, {2 * SECRET}\n"):
        settings = loaded(tmp_path, {"record-keys": written}).settings
        found = [key.get_secret_value() for key in settings.record_keys]
        assert found == [SECRET, 2 * SECRET]
        assert SECRET not in repr(settings)


def test_default_validities_are_those_of_the_protocol(tmp_path: Path) -> None:
    settings = loaded(tmp_path, {"issuer": "https://login.example/"}).settings
    assert settings.access_token_validity == 600
    assert settings.refresh_token_validity == 30 * 86400
    assert settings.refresh_token_idle == 7 * 86400
    assert settings.refresh_grace == 10
    assert settings.issuer == "https://login.example/"


@pytest.mark.parametrize("tree", [{}, {"clients": {}}])
def test_the_service_does_not_start_under_prod_without_clients(
    tmp_path: Path, tree: dict[str, Any]
) -> None:
    """Regression: a renamed file of identities left the service without any client."""
    with pytest.raises(ConfigError, match="clients: is empty, and under prod nothing works"):
        loaded(tmp_path, tree | {"record-keys": SECRET}, profiles=("prod",))
    assert loaded(tmp_path, tree | {"server": {"port": 1}}).settings.clients == {}


@pytest.mark.parametrize("written", ["0", "0.0004s", "0ms"])
def test_a_wait_for_replicas_below_one_millisecond_is_refused(tmp_path: Path, written: str) -> None:
    """Redis takes whole milliseconds, and 0 means no limit."""
    with pytest.raises(ConfigError, match=r"durability\.wait-timeout: Input should be greater"):
        loaded(tmp_path, {"durability": {"wait-timeout": written}})
