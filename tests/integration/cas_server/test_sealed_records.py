"""Write access to Redis can't forge tokens: records have a MAC, and Redis lacks its key."""

import json
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from cas_server.settings import CasSettings
from cas_server.tokens.access_tokens import new_token, token_hash
from cas_server.tokens.record_keys import MAC_BYTES, RecordKeys
from cas_server.tokens.token_records import name_of
from chassis import LiveConfig
from eventually import PATIENCE_S
from integration.cas_server.world import Cas
from suitectl.waiting import until

pytestmark = pytest.mark.anyio
OLD, NEW = "o" * 43, "n" * 43


@pytest.fixture
async def direct(redis: int) -> AsyncIterator[Redis]:
    """Redis as seen by another pod that knows the password."""
    async with Redis(port=redis) as connected:
        yield connected


def _name(token: str) -> bytes:
    return name_of(token_hash(token))


async def _stored(direct: Redis, token: str) -> bytes:
    return bytes(await direct.get(_name(token)) or b"")  # type: ignore[arg-type]  # decodes nothing


async def _is_invalid_everywhere(cas: Cas, token: str) -> None:
    for replica in (0, 1):
        assert (await cas.check(token, replica=replica)).status_code == 400
    introspected = await cas.post("/oauth/introspect", {"token": token})
    assert introspected.json() == {"active": False}
    headers = {"authorization": f"Bearer {token}"}
    user = await cas.http.get(f"{cas.urls[0]}/api/v1/user", headers=headers)
    assert user.status_code == 401


async def test_a_record_written_by_another_pod_grants_no_rights(cas: Cas, direct: Redis) -> None:
    forged = await _record(cas, direct)
    assert b"ROLE_ADMIN" in forged
    for record in (forged, bytes(32) + forged, b"", b"x", b"\n\t" * 40):
        token = new_token()
        await direct.set(_name(token), record, ex=60)
        await _is_invalid_everywhere(cas, token)


async def test_a_record_is_valid_only_under_its_own_key(cas: Cas, direct: Redis) -> None:
    """The attack copies the administrator's record to the hash of the attacker's token."""
    theirs, own = (await cas.user_tokens("admin"))["access_token"], new_token()
    await direct.set(_name(own), await _stored(direct, theirs), ex=60)
    await _is_invalid_everywhere(cas, own)
    assert (await cas.check(theirs)).status_code == 200


@pytest.mark.parametrize(
    ("original", "wanted"),
    [
        (b"alice", b"admin"),
        (b"demo-app", b"test-app"),
        (b"ROLE_USER", b"ROLE_ROOT"),
        (b"read write", b"root write"),
        (b"stock-service", b"stack-service"),
        (b"\0\0\2", b"\0\1\2"),
    ],
    ids=["subject", "client", "authorities", "scope", "audience", "lifetime"],
)
async def test_nothing_in_a_record_can_be_changed(
    cas: Cas, direct: Redis, original: bytes, wanted: bytes
) -> None:
    token = (await cas.user_tokens("alice"))["access_token"]
    record = await _stored(direct, token)
    assert original in record
    await direct.set(_name(token), record.replace(original, wanted), ex=60)
    await _is_invalid_everywhere(cas, token)
    await direct.set(_name(token), record, ex=60)
    assert (await cas.check(token)).status_code == 200, "an entire record can be restored"


async def test_a_forged_record_is_audited_once_and_not_quoted(cas: Cas, direct: Redis) -> None:
    token = new_token()
    await direct.set(_name(token), await _record(cas, direct), ex=60)
    with capture_logs() as lines:
        for _ in range(3):
            await cas.check(token)
    audited = [line for line in lines if line.get("event_type") == "record_forged"]
    assert len(audited) == 1
    assert token not in json.dumps(audited)
    assert token_hash(token) not in json.dumps(audited)


async def test_rotating_the_record_keys_invalidates_no_token(cas: Cas, direct: Redis) -> None:
    """The new key first opens records, then seals them, and finally is the only key."""
    tokens = []
    for keys in ((OLD,), (OLD, NEW), (NEW, OLD)):
        cas.identities["record-keys"] = list(keys)
        cas.write()
        for key in keys:
            await _opened(cas, direct, key, status=200)
        tokens.append(await _issued_under(cas, direct, keys[0]))
        for token in tokens:
            assert [(await cas.check(token, replica=n)).status_code for n in (0, 1)] == [200, 200]
    cas.identities["record-keys"] = [NEW]
    cas.write()
    await _opened(cas, direct, OLD, status=400)
    assert [(await cas.check(token)).status_code for token in tokens] == [400, 400, 200]


async def _opened(cas: Cas, direct: Redis, key: str, *, status: int) -> None:
    """Wait until both replicas respond like this to a record sealed with the key."""
    token = new_token()
    sealed = _keys(key).seal(_name(token), await _record(cas, direct))
    await direct.set(_name(token), sealed, ex=60)

    async def as_wanted() -> bool:
        replies = [await cas.check(token, replica=n) for n in (0, 1)]
        return all(reply.status_code == status for reply in replies)

    assert await until(as_wanted, what="the keys to be reloaded", seconds=PATIENCE_S)


async def _issued_under(cas: Cas, direct: Redis, key: str) -> str:
    """Return a token whose record is sealed with this key."""

    async def issued() -> str:
        token = await cas.client_token()
        record = await _stored(direct, token)
        return token if _keys(key).open(_name(token), record) else ""

    return await until(issued, what="the key to seal", seconds=PATIENCE_S)


def _keys(key: str) -> RecordKeys:
    return RecordKeys(LiveConfig.fixed(CasSettings(record_keys=(SecretStr(key),))))


async def _record(cas: Cas, direct: Redis) -> bytes:
    """Return the administrator's record as stored, without its MAC."""
    token = (await cas.user_tokens("admin"))["access_token"]
    return (await _stored(direct, token))[MAC_BYTES:]
