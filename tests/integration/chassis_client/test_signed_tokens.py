"""Tokens verified at a service, with keys over real HTTP.

docs/design/signed-tokens.md, "Checks"; docs/design/signed-tokens.md, "Keys at a service".
"""

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from chassis import TokenServices
from chassis.client import ServiceClients
from chassis.errors import InvalidToken, TemporarilyUnavailable
from chassis.jwt.algorithms import ALGORITHMS
from chassis.jwt.compact import encoded
from chassis.security.errors import ForeignToken
from chassis.token_services.key_set import FIRST_PAUSE_S, PAUSE_S, RENEW_S, STALE_S, KeySet
from chassis.token_services.modes import create_token_services
from integration.chassis_client.scripted import Request, Script, http_response, scripted
from integration.chassis_client.services import Table, live
from jwts import ISSUER, claims, key, key_set, second_form, signed

pytestmark = pytest.mark.anyio
KEYS = [key(algorithm) for algorithm in ALGORITHMS]
PUBLISHED = http_response(200, key_set(*KEYS))
RESOURCE: dict[str, Any] = {
    "id": "order-service",
    "jwk": {"key_set_uri": "http://cas/oauth/jwks"},
    "jwt": {"issuer": ISSUER},
    "token_mode": "jwt",
    "cache_ttl": 0,
    "negative_cache_ttl": 0,
}


@asynccontextmanager
async def serving(
    script: Script | bytes = PUBLISHED, **resource: Any
) -> AsyncIterator[tuple[TokenServices, list[Request]]]:
    async with scripted(script) as server:
        settings = live(client={"timeout": 1.0}, **{**RESOURCE, **resource})
        async with ServiceClients(settings, discovery=Table(cas=server.address)) as clients:
            services = create_token_services(settings, clients)
            yield services, server.requests
            await services.aclose()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_token_is_verified_without_asking_about_it(algorithm: str) -> None:
    async with serving() as (services, requests):
        for number in range(3):
            caller = await services.authenticate(signed(claims(jti=str(number)), key(algorithm)))
    assert (caller.user_name, caller.client_id) == ("alice", "demo-app")
    assert caller.scopes == {"read", "write"}
    assert caller.authorities == {"ROLE_USER"}
    (request,) = requests
    assert request.head.startswith("GET /oauth/jwks HTTP/1.1\r\nHost: cas\r\n")
    assert "authorization" not in request.head.lower()


async def test_both_forms_of_an_es256_signature_are_taken() -> None:
    """docs/design/signed-tokens.md, "Checks": RFC 7518, 3.4 prefers neither."""
    token = signed(claims(), key())
    async with serving() as (services, _):
        for text in (token, second_form(token)):
            assert (await services.authenticate(text)).user_name == "alice"


async def test_a_clients_own_token_has_no_user() -> None:
    own = claims(sub="demo-app", user_name=None, authorities=["ROLE_CLIENT"])
    async with serving() as (services, _):
        caller = await services.authenticate(signed(own, key()))
    assert (caller.user_name, caller.name) == (None, "demo-app")


async def test_without_user_name_the_subject_is_the_user() -> None:
    """RFC 9068 knows `sub` alone; that of a client's own token is its client_id."""
    async with serving() as (services, _):
        caller = await services.authenticate(signed(claims(sub="bob", user_name=None), key()))
    assert caller.user_name == "bob"


REFUSED: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": ISSUER + "/"},
    "no issuer": {"iss": None},
    "issuers": {"iss": [ISSUER]},
    "another audience": {"aud": ["stock-service"]},
    "a part of the audience": {"aud": "order-service stock-service"},
    "no audience": {"aud": None},
    "expired": {"exp": int(time.time()) - 60},
    "no expiry": {"exp": None},
    "expiry as text": {"exp": str(int(time.time()) + 60)},
    "expiry as boolean": {"exp": True},
    "not yet": {"nbf": int(time.time()) + 3600},
    "from the future": {"iat": int(time.time()) + 3600},
    "issued at a text": {"iat": "now"},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "no client": {"client_id": None},
    "an empty user": {"user_name": ""},
    "scopes as a number": {"scope": 1},
}


@pytest.mark.parametrize("case", REFUSED)
async def test_claims_are_validated(case: str) -> None:
    async with serving() as (services, _):
        with pytest.raises(InvalidToken):
            await services.authenticate(signed(claims(**REFUSED[case]), key()))


async def test_a_token_for_another_service_is_audited_as_such() -> None:
    async with serving() as (services, _):
        with pytest.raises(ForeignToken):
            await services.authenticate(signed(claims(aud=["stock-service"]), key()))


@pytest.mark.parametrize("typ", ["JWT", "at+jwt ", "id+jwt", "application/at+jwt+x"])
async def test_another_type_is_refused(typ: str) -> None:
    """RFC 9068, 4: an id_token is no access token."""
    async with serving() as (services, _):
        with pytest.raises(InvalidToken):
            await services.authenticate(signed(claims(), key(), typ=typ))


async def test_another_type_can_be_allowed() -> None:
    jwt = {"issuer": ISSUER, "types": ["at+jwt", "JWT"]}
    async with serving(jwt=jwt) as (services, _):
        for typ in ("JWT", "at+jwt", "application/at+jwt"):
            assert await services.authenticate(signed(claims(), key(), typ=typ))


async def test_clocks_may_differ_a_little() -> None:
    now = int(time.time())
    async with serving() as (services, _):
        assert await services.authenticate(signed(claims(exp=now - 2, nbf=now + 3), key()))


FORGED: dict[str, str] = {
    "another key": signed(claims(), key("ES256", 1), kid=key().id),
    "an unknown key": signed(claims(), key("ES256", 1)),
    "the algorithm of another key": signed(claims(), key("RS256"), kid=key().id),
    "a key id without its algorithm": signed(claims(), key(), alg="RS256"),
    "HS256 with the public key": "",
}


@pytest.mark.parametrize("case", FORGED)
async def test_forged_tokens_are_refused(case: str) -> None:
    """RFC 8725, 2.1: the key of RS256 is no secret."""
    token = FORGED[case] or _signed_with_the_public_key()
    async with serving() as (services, _):
        with pytest.raises(InvalidToken):
            await services.authenticate(token)


def _signed_with_the_public_key() -> str:
    head = {"alg": "HS256", "kid": key("RS256").id, "typ": "at+jwt"}
    message = b".".join(encoded(json.dumps(part).encode()) for part in (head, claims()))
    secret = key("RS256").key.as_pem(private=False)
    return f"{message.decode()}.{encoded(hmac.digest(secret, message, 'sha256')).decode()}"


async def test_auto_goes_by_the_shape_of_the_token() -> None:
    known = {"client_id": "demo-app", "aud": ["order-service"], "active": True}

    def respond(request: Request) -> bytes:
        if request.head.startswith("POST"):
            return http_response(200, json.dumps(known).encode())
        return PUBLISHED

    async with serving(
        respond, token_mode="auto", token_info_uri="http://cas/oauth/check_token"
    ) as (services, requests):
        assert (await services.authenticate("0paque")).client_id == "demo-app"
        assert (await services.authenticate(signed(claims(), key()))).user_name == "alice"
        with pytest.raises(InvalidToken):
            await services.authenticate(signed(claims(), key("ES256", 1), kid=key().id))
    assert [one.head.partition(" ")[0] for one in requests] == ["POST", "GET"]


async def test_in_mode_jwt_an_opaque_token_is_refused() -> None:
    async with serving() as (services, requests):
        with pytest.raises(InvalidToken):
            await services.authenticate("0paque")
    assert requests == []


@dataclass
class Keys:
    """A key set whose clock the test moves, and the server that it asks."""

    set: KeySet
    requests: list[Request]
    now: float = 1000.0
    published: bytes = PUBLISHED

    def clock(self) -> float:
        return self.now

    async def knows(self, key_id: str) -> bool:
        return await self.set.find(key_id) is not None


@asynccontextmanager
async def key_sets() -> AsyncIterator[Keys]:
    keys = Keys(set=None, requests=[])  # type: ignore[arg-type]  # set below, it needs the clock
    async with scripted(lambda _: keys.published) as server:
        settings = live(client={"timeout": 1.0, "retry_budget": 0}, **RESOURCE)
        async with ServiceClients(settings, discovery=Table(cas=server.address)) as clients:
            keys.set = KeySet(settings, clients.caller, clock=keys.clock)
            keys.requests = server.requests
            yield keys
            await keys.set.aclose()


DOWN = http_response(500, b"{}")


@pytest.mark.bound("key-set-fetches")
async def test_unknown_key_ids_cause_one_fetch_in_five_seconds() -> None:
    async with key_sets() as keys:
        assert await keys.knows(key().id)
        for number in range(50):
            assert not await keys.knows(f"unknown-{number}")
        assert len(keys.requests) == 1
        keys.now += PAUSE_S
        found = await asyncio.gather(*(keys.knows(f"unknown-{n}") for n in range(50)))
        assert not any(found)
        assert len(keys.requests) == 2


async def test_a_new_key_is_found_by_its_unknown_id() -> None:
    async with key_sets() as keys:
        assert await keys.knows(key().id)
        keys.now += PAUSE_S
        keys.published = http_response(200, key_set(*KEYS, key("ES256", 1)))
        assert await keys.knows(key("ES256", 1).id)


async def test_keys_are_renewed_in_the_background_before_they_are_old() -> None:
    async with key_sets() as keys:
        assert await keys.knows(key().id)
        keys.now += RENEW_S
        keys.published = http_response(200, key_set(*KEYS, key("ES256", 1)))
        assert await keys.knows(key().id)
        (task,) = keys.set._background
        await task
        assert len(keys.requests) == 2
        assert await keys.knows(key("ES256", 1).id)
        assert len(keys.requests) == 2


async def test_a_removed_key_is_unknown_after_the_next_fetch() -> None:
    async with key_sets() as keys:
        assert await keys.knows(key().id)
        keys.published = http_response(200, key_set(key("RS256")))
        keys.now += STALE_S
        assert not await keys.knows(key().id)


async def test_an_outage_leaves_the_cached_keys_in_use() -> None:
    async with key_sets() as keys:
        assert await keys.knows(key().id)
        keys.published = DOWN
        for seconds in (RENEW_S, STALE_S, 30 * 86400):
            keys.now += seconds
            assert await keys.knows(key().id)
        with pytest.raises(TemporarilyUnavailable):
            await keys.knows("unknown")
        keys.published = PUBLISHED
        keys.now += PAUSE_S
        assert not await keys.knows("unknown")


@pytest.mark.parametrize(
    "response",
    [DOWN, http_response(200, b"[]"), http_response(200, b""), http_response(302, b"")],
)
async def test_without_keys_a_token_can_not_be_checked(response: bytes) -> None:
    async with key_sets() as keys:
        keys.published = response
        for _ in range(20):
            with pytest.raises(TemporarilyUnavailable):
                await keys.knows(key().id)
        assert len(keys.requests) == 1, "one fetch in the pause after a failure"
        keys.now += FIRST_PAUSE_S
        keys.published = PUBLISHED
        assert await keys.knows(key().id)
