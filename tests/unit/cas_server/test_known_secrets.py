"""Publicly known secrets, and hashes that are too weak or too expensive."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from cas_server.identities.demo_identities import DEMO_SECRETS
from cas_server.passwords.hashing import hash_generated, hash_password
from chassis.config import ConfigError
from chassis.config.settings import demo_secret
from recorded_hashes import recorded_hashes
from unit.cas_server.cas_settings import APP, ARGON2, HASH, SECRET, loaded

OWN = {"record-keys": [SECRET], "clients": {"orders": APP}}


@pytest.mark.parametrize("make", [hash_password, hash_generated])
def test_demo_secrets_are_refused_only_under_prod(
    make: Callable[[str], str], tmp_path: Path
) -> None:
    """docs/design/identities.md, "Secrets that everyone knows"."""
    demo = {"clients": {"demo-app": APP | {"client-secret": [HASH, make("demo-app-123")]}}}
    assert loaded(tmp_path, demo, profiles=("dev",))
    with pytest.raises(ConfigError, match=r"clients\.demo-app: has its demo secret"):
        loaded(tmp_path, demo, profiles=("prod",))


@pytest.mark.parametrize("make", [hash_password, hash_generated])
def test_a_demo_password_is_refused_under_prod(make: Callable[[str], str], tmp_path: Path) -> None:
    demo = {"users": {"alice": {"password": make("alice-123")}}}
    with pytest.raises(ConfigError, match=r"users\.alice: has its demo secret"):
        loaded(tmp_path, demo, profiles=("prod",))


@pytest.mark.parametrize(
    ("name", "secret", "said"),
    [
        ("orders", "orders-123", "clients.orders: has its demo secret"),
        ("e\u0301t\u00e9", "\u00e9te\u0301-123", "has its demo secret"),
        ("orders", "alice-123", "clients.orders: has a demo secret"),
    ],
    ids=["any name", "composed otherwise", "another's"],
)
def test_the_demo_secret_of_any_name_is_refused_as_hmac(
    name: str, secret: str, said: str, tmp_path: Path
) -> None:
    """A demo secret is any name followed by `-123`."""
    tree = {"clients": {name: APP | {"client-secret": hash_generated(secret)}}}
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, tree, profiles=("prod",))
    assert said in str(refused.value)
    assert loaded(tmp_path, tree)


def test_a_start_under_prod_does_not_compute_a_password_hash_per_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashing for 1,000 users would take 16 s. A demo secret is refused at login instead."""
    users = {f"user{number}": {"password": ARGON2} for number in range(300)}
    hashes = recorded_hashes(monkeypatch)
    assert loaded(tmp_path, {"users": users} | OWN, profiles=("prod",))
    assert len(hashes.work) < 10


@pytest.mark.bound("password-hash-cost")
@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("m=8,t=1,p=1", "is weak"),
        ("m=46079,t=1,p=1", "is weak: 1 passes want m=47104 at least"),
        ("m=19455,t=2,p=1", "is weak"),
        ("m=7167,t=50,p=1", "is weak"),
        ("m=2097152,t=1,p=4", "makes a login an outage"),
        ("m=131073,t=1,p=1", "makes a login an outage"),
        ("m=131072,t=5,p=1", "makes a login an outage"),
        ("m=7168,t=4294967295,p=1", "makes a login an outage"),
        ("m=65536,t=3,p=5", "is outside of 1 to 4 lanes"),
        ("m=65536,t=3,p=0", "is outside of 1 to 4 lanes"),
        ("m=65536,t=0,p=1", "is weak"),
        ("m=65536,t=-1,p=1", "is weak"),
        ("m=-1,t=3,p=1", "is weak"),
    ],
)
def test_a_hash_that_is_too_cheap_or_too_expensive_is_refused_under_prod(
    parameters: str, said: str, tmp_path: Path
) -> None:
    stored = ARGON2.replace("m=19456,t=2,p=1", parameters)
    for tree, key in (
        ({"users": {"u": {"password": stored}}}, "users.u: "),
        ({"clients": {"c": APP | {"client-secret": [HASH, stored]}}}, "clients.c: "),
    ):
        with pytest.raises(ConfigError) as refused:
            loaded(tmp_path, tree, profiles=("prod",))
        assert key in str(refused.value)
        assert said in str(refused.value)
        assert stored not in str(refused.value)
        assert loaded(tmp_path, tree)


@pytest.mark.parametrize(
    "parameters",
    ["m=47104,t=1,p=1", "m=12288,t=3,p=1", "m=9216,t=4,p=1", "m=7168,t=5,p=1", "m=65536,t=3,p=4"],
)
def test_parameters_recommended_by_owasp_and_rfc_9106_are_accepted(
    parameters: str, tmp_path: Path
) -> None:
    stored = ARGON2.replace("m=19456,t=2,p=1", parameters)
    assert loaded(tmp_path, {"users": {"u": {"password": stored}}} | OWN, profiles=("prod",))


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 10,
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 1000,
    ],
    ids=["old version", "short salt", "short digest", "long digest"],
)
def test_a_hash_of_another_version_or_length_is_refused_under_prod(
    stored: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"users\.u"):
        loaded(tmp_path, {"users": {"u": {"password": stored}}}, profiles=("prod",))


@pytest.mark.anyio
@pytest.mark.parametrize("secret", ["orders-123", "alice-123"])
async def test_an_edit_that_registers_a_demo_secret_is_a_refused_reload(
    tmp_path: Path, secret: str
) -> None:
    good = OWN
    live = loaded(tmp_path, good, profiles=("prod",))
    bad = OWN | {"clients": {"orders": APP | {"client-secret": hash_generated(secret)}}}
    (tmp_path / "application.yaml").write_text(yaml.safe_dump(bad))
    await live.reload_if_changed()
    assert live.settings.clients["orders"].client_secret == (HASH,)
    assert not live.status.last_successful


def test_the_demo_identities_have_demo_secrets() -> None:
    assert {name: demo_secret(name) for name in DEMO_SECRETS} == DEMO_SECRETS
