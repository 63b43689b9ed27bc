"""docs/design/openid-connect.md: what the certification plans check, over three replicas."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.certification import MODULES, Module, parameters
from interop.openid_provider import LOGGED_OUT, Provider, identities, provider
from interop.relying_party import RelyingParty

BASIC, CONFIG, LOGOUT = 35, 1, 11
"""Modules of each plan that apply to a static client."""
REPLICAS = 3


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("provider"), identities()) as found:
        yield found


@pytest.fixture(scope="module")
def losing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("losing"), identities()) as found:
        yield found


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Provider]:
    with provider(tmp_path, identities()) as found:
        yield found


def test_each_module_has_a_test() -> None:
    assert len(MODULES) == BASIC + CONFIG + LOGOUT


@pytest.mark.parametrize("check", parameters())
def test_a_module_passes(running: Provider, check: Module) -> None:
    check(running)


@pytest.mark.parametrize("check", parameters())
def test_a_module_passes_while_a_replica_is_killed(losing: Provider, check: Module) -> None:
    """It goes before the module's second connection; only a module of discovery has but one."""
    losing.complete(REPLICAS)
    losing.kill_at(2)
    check(losing)
    assert len(losing.replicas) == REPLICAS - 1 or "discovery" in check.__name__


def test_nothing_is_lost_when_a_replica_is_killed(own: Provider) -> None:
    """One goes between the code and the tokens, another between these and the logout."""
    party = RelyingParty(own)
    request = party.request()
    code = party.code(request)
    own.kill_one()
    for _ in own.replicas:
        assert party.log_in(prompt="none").claims["sub"] == "alice"
    login = party.finish(party.redeem(code), request["nonce"])
    assert party.claims_of(login) == {"sub": "alice"}
    own.kill_one()
    form = {"grant_type": "refresh_token", "refresh_token": login.response["refresh_token"]}
    again = party.finish(party.token(form), None)
    assert again.claims["auth_time"] == login.claims["auth_time"]
    assert party.log_out(again, post_logout_redirect_uri=LOGGED_OUT).url == LOGGED_OUT
    assert party.is_logged_out()
    assert party.logins == 1
