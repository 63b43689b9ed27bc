"""Registered identities, and which tokens remain valid."""

from pathlib import Path

from structlog.testing import capture_logs

from cas_server.identities.clients import client_registry
from cas_server.identities.identities import Identities
from cas_server.identities.users import user_directory
from cas_server.tokens.access_tokens import Grant
from unit.cas_server.cas_settings import APP, HASH, loaded


def test_the_password_grant_also_needs_the_allow_list(tmp_path: Path) -> None:
    """docs/design/protocol.md, "token": only for clients on an allow-list."""
    listed = loaded(tmp_path, {"clients": {"app": APP}, "password-grant-clients": "app"}).settings
    unlisted = loaded(tmp_path, {"clients": {"app": APP}}).settings
    assert client_registry(listed)["app"].grant_types == {"password", "refresh_token"}
    assert client_registry(unlisted)["app"].grant_types == {"refresh_token"}


def test_the_password_grant_is_logged_at_each_start(tmp_path: Path) -> None:
    """docs/design/protocol.md, "token": each start logs them."""
    live = loaded(tmp_path, {"clients": {"app": APP}, "password-grant-clients": "app"})
    with capture_logs() as lines:
        Identities(live)
    assert [line["clients"] for line in lines if "RFC 9700" in line["event"]] == [["app"]]


def test_a_client_checks_tokens_for_its_own_id_by_default(tmp_path: Path) -> None:
    """docs/design/protocol.md, "token": `check-for` is its own id by default."""
    clients = {"app": APP, "wide": APP | {"check-for": ["order-service", "wide"]}}
    registry = client_registry(loaded(tmp_path, {"clients": clients}).settings)
    assert registry["app"].may_check(("app", "other"))
    assert not registry["app"].may_check(("order-service",))
    assert registry["wide"].may_check(("order-service",))


def test_disabled_clients_and_users_are_unknown(tmp_path: Path) -> None:
    tree = {
        "clients": {"app": APP | {"enabled": False}},
        "users": {"alice": {"password": HASH, "enabled": False}},
    }
    settings = loaded(tmp_path, tree).settings
    assert not client_registry(settings)
    assert not user_directory(settings)


def test_a_token_is_valid_while_its_client_and_password_are(tmp_path: Path) -> None:
    """docs/design/protocol.md, "Dead at the next check"."""
    tree = {"clients": {"app": APP}, "users": {"alice": {"password": HASH}}}
    identities = Identities(loaded(tmp_path, tree))
    alice = identities.user("alice")
    assert alice is not None
    grant = Grant("app", (), ("order-service",), (), "alice", alice.fingerprint)
    assert identities.is_still_valid(grant.stored(60))
    assert not identities.is_still_valid(Grant("gone", (), ("x",), ()).stored(60))
    assert not identities.is_still_valid(Grant("app", (), ("x",), (), "alice", "old").stored(60))
    assert not identities.is_still_valid(Grant("app", (), ("x",), (), "gone", "").stored(60))


def test_hashes_are_not_shown_in_a_repr(tmp_path: Path) -> None:
    """docs/design/protocol.md, "Secrets"."""
    tree = {"clients": {"app": APP}, "users": {"alice": {"password": HASH}}}
    settings = loaded(tmp_path, tree).settings
    shown = repr((settings, client_registry(settings), user_directory(settings)))
    assert HASH not in shown
