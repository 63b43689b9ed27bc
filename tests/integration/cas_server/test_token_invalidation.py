"""docs/design/protocol.md, "Dead at the next check": at every replica."""

from collections.abc import Callable

import pytest

from cas_server.passwords.hashing import hash_password
from eventually import PATIENCE_S
from integration.cas_server.world import Cas
from suitectl.waiting import until

pytestmark = pytest.mark.anyio


async def test_a_revoked_token_is_invalid_at_the_other_replica_immediately(cas: Cas) -> None:
    token = await cas.client_token()
    assert (await cas.check(token, replica=1)).status_code == 200
    await cas.post("/oauth/revoke", {"token": token}, "demo-app", replica=0)
    assert (await cas.check(token, replica=1)).status_code == 400


def _disable_alice(cas: Cas) -> None:
    cas.identities["users"]["alice"]["enabled"] = False


def _change_password(cas: Cas) -> None:
    cas.identities["users"]["alice"]["password"] = hash_password("another")


def _delete_user(cas: Cas) -> None:
    del cas.identities["users"]["alice"]


def _delete_client(cas: Cas) -> None:
    del cas.identities["clients"]["demo-app"]


@pytest.mark.parametrize("change", [_disable_alice, _change_password, _delete_user, _delete_client])
async def test_a_configuration_change_invalidates_tokens_once_it_is_loaded(
    cas: Cas, change: Callable[[Cas], None]
) -> None:
    token = (await cas.user_tokens("alice"))["access_token"]
    other = await cas.client_token("other-app")
    change(cas)
    cas.write()
    for replica in (0, 1):

        async def is_invalid(replica: int = replica) -> bool:
            return (await cas.check(token, replica=replica)).status_code == 400

        assert await until(is_invalid, what="the token to be refused", seconds=PATIENCE_S)
    assert (await cas.check(other)).status_code == 200


async def test_a_changed_password_invalidates_refresh_tokens(cas: Cas) -> None:
    tokens = await cas.user_tokens("alice")
    _change_password(cas)
    cas.write()

    async def is_invalid() -> bool:
        return (await cas.check(tokens["access_token"])).status_code == 400

    await until(is_invalid, what="the token to be refused", seconds=PATIENCE_S)
    reply = await cas.refresh(tokens["refresh_token"])
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_grant")


async def test_a_client_secret_is_rotated_with_two_valid_secrets(cas: Cas) -> None:
    old = cas.identities["clients"]["order-service"]["client-secret"]
    cas.identities["clients"]["order-service"]["client-secret"] = [old, hash_password("new")]
    cas.write()
    token = await cas.client_token()

    async def both() -> bool:
        reply = await cas.http.post(
            cas.urls[0] + "/oauth/check_token", data={"token": token}, auth=("order-service", "new")
        )
        return reply.status_code == 200

    assert await until(both, what="the new secret to count", seconds=PATIENCE_S)
    assert (await cas.check(token)).status_code == 200
