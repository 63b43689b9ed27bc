"""docs/design/signed-tokens.md, "JWT access tokens": one rule of that section a test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from cas_server.settings import CasSettings
from chassis import LiveConfig
from chassis.config import ConfigError
from chassis.jwt.compact import encoded, read_jwt
from chassis.jwt.keys import private_key
from integration.cas_server.world import Cas, replicas
from jwts import second_form
from redis_process import store
from signing_keys import NEW, OLD, key_file, pem
from unit.cas_server.cas_settings import APP, loaded

pytestmark = pytest.mark.anyio
KEYS = {
    f"{name.removeprefix('signing-keys.')}": text
    for algorithm in ("ES256", "EdDSA", "RS256")
    for name, text in key_file(OLD, algorithm).items()
}


@pytest.fixture
async def cas(redis: int, identities: dict[str, Any], tmp_path: Path) -> AsyncIterator[Cas]:
    identities["signing-keys"] = dict(KEYS)
    identities["clients"]["demo-app"]["token-format"] = "jwt"
    identities["clients"]["other-app"] |= {
        "token-format": "jwt",
        "signing-alg": "RS256",
        "jwt-type": "JWT",
    }
    async with replicas(tmp_path / "config", identities, store(redis), number=2) as both:
        yield both


async def verified(cas: Cas, token: str) -> jwt.Token:
    """Verify a token with an independent library and what one of the replicas publishes."""
    published = (await cas.http.get(cas.urls[1] + "/oauth/jwks")).json()
    algorithm = read_jwt(token).algorithm
    return jwt.decode(token, KeySet.import_key_set(published), algorithms=[algorithm])


async def test_a_token_has_the_header_and_claims_of_rfc_9068(cas: Cas) -> None:
    pair = await cas.user_tokens(scope="read")
    token = await verified(cas, pair["access_token"])
    assert token.header == {"alg": "ES256", "kid": private_key(pem()).id, "typ": "at+jwt"}
    claims = token.claims
    assert claims["iss"] == "http://cas-server-service"
    assert (claims["sub"], claims["client_id"], claims["user_name"]) == (
        "alice",
        "demo-app",
        "alice",
    )
    assert claims["aud"] == ["order-service", "stock-service"]
    assert claims["scope"] == "read"
    assert claims["authorities"] == ["ROLE_USER"]
    assert claims["exp"] - claims["iat"] in {600, 601}
    assert len(claims["jti"]) == 20


async def test_a_clients_own_token_names_no_user(cas: Cas) -> None:
    """RFC 9068, 5: its subject is the client."""
    claims = (await verified(cas, await cas.client_token())).claims
    assert (claims["sub"], claims["client_id"]) == ("demo-app", "demo-app")
    assert "user_name" not in claims
    assert claims["authorities"] == ["ROLE_CLIENT"]


async def test_the_form_for_spring_has_its_type_and_scopes_as_an_array(cas: Cas) -> None:
    """Its old versions take a text for one scope; its new ones refuse another type."""
    token = await verified(cas, (await cas.user_tokens(client="other-app"))["access_token"])
    assert (token.header["alg"], token.header["typ"]) == ("RS256", "JWT")
    assert token.claims["scope"] == ["read", "write"]


async def test_a_client_without_the_setting_gets_opaque_tokens(cas: Cas) -> None:
    assert "." not in await cas.client_token("order-service")


async def test_the_refresh_token_stays_opaque_and_gets_the_next_jwt(cas: Cas) -> None:
    first = await cas.user_tokens()
    assert "." not in first["refresh_token"]
    reply = await cas.refresh(first["refresh_token"], scope="read")
    token = await verified(cas, reply.json()["access_token"])
    assert token.claims["scope"] == "read"
    again = await cas.refresh(first["refresh_token"], scope="read", replica=1)
    assert again.json() == reply.json(), "a repeated refresh gets the same JWT"


async def test_check_token_and_introspection_say_the_same_as_of_an_opaque_token(cas: Cas) -> None:
    token = (await cas.user_tokens())["access_token"]
    claims = (await verified(cas, token)).claims
    checked = (await cas.check(token, replica=1)).json()
    assert checked == {
        "active": True,
        "client_id": "demo-app",
        "user_name": "alice",
        "authorities": ["ROLE_USER"],
        "scope": ["read", "write"],
        "aud": ["order-service", "stock-service"],
        **{name: claims[name] for name in ("exp", "iat", "jti")},
    }
    introspected = (await cas.post("/oauth/introspect", {"token": token})).json()
    assert introspected["active"] is True
    for name in ("iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope"):
        assert introspected[name] == claims[name], name


async def test_the_user_endpoint_takes_it(cas: Cas) -> None:
    token = (await cas.user_tokens())["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    reply = await cas.http.get(cas.urls[1] + "/api/v1/user", headers=headers)
    assert reply.json()["user"] == "alice"


def forged(token: str) -> dict[str, str]:
    """Return tokens with a good look that this server has not issued."""
    head, payload, signature = token.split(".")
    other = private_key(pem("ES256", 7))
    signed = f"{head}.{payload}"
    return {
        "another key": f"{signed}.{encoded(other.sign(signed.encode())).decode()}",
        "no signature": f"{signed}.",
        "none": encoded(b'{"alg":"none"}').decode() + f".{payload}.",
        "padded": token + "=",
        "swapped": f"{payload}.{head}.{signature}",
    }


@pytest.mark.parametrize("kind", ["another key", "no signature", "none", "padded", "swapped"])
async def test_a_token_that_was_not_issued_is_unknown(cas: Cas, kind: str) -> None:
    """Even one that a stolen key has signed: the store has no record of it."""
    token = forged(await cas.client_token())[kind]
    reply = await cas.check(token)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_token")
    assert (await cas.post("/oauth/introspect", {"token": token})).json() == {"active": False}


async def test_a_token_signed_with_the_servers_own_key_elsewhere_is_unknown(cas: Cas) -> None:
    claims = (await verified(cas, await cas.client_token())).claims
    key = private_key(pem())
    header = {"alg": "ES256", "kid": key.id, "typ": "at+jwt"}
    mine = jwt.encode(header, {**claims, "authorities": ["ROLE_ADMIN"]}, key.key)
    assert (await cas.check(mine)).status_code == 400


async def test_the_second_form_of_a_signature_is_unknown_to_check_token(cas: Cas) -> None:
    """docs/design/signed-tokens.md, "Checks": a token is known by its text, live or revoked."""
    token = await cas.client_token()
    other = second_form(token)
    await verified(cas, other)
    for form in ({"token": token}, {"token": other}):
        assert (await cas.check(other)).status_code == 400
        assert (await cas.post("/oauth/revoke", form, "demo-app")).status_code == 200
    assert (await cas.check(token)).status_code == 400


async def test_revoking_the_second_form_revokes_nothing(cas: Cas) -> None:
    """RFC 7009, 2.2: an unknown token is a 200 as well."""
    token = await cas.client_token()
    form = {"token": second_form(token)}
    assert (await cas.post("/oauth/revoke", form, "demo-app")).status_code == 200
    assert (await cas.check(token)).status_code == 200


async def test_a_revoked_token_is_dead_at_every_replica(cas: Cas) -> None:
    """Who verifies the signature alone goes on taking it until `exp`: docs/jwt-tokens.md."""
    token = await cas.client_token()
    assert (await cas.check(token, replica=1)).status_code == 200
    assert (await cas.post("/oauth/revoke", {"token": token}, "demo-app")).status_code == 200
    for replica in (0, 1):
        assert (await cas.check(token, replica=replica)).status_code == 400
    await verified(cas, token)


async def test_another_client_can_not_revoke_it(cas: Cas) -> None:
    token = await cas.client_token()
    reply = await cas.post("/oauth/revoke", {"token": token}, "order-service")
    assert reply.json()["error"] == "invalid_grant"
    assert (await cas.check(token)).status_code == 200


async def test_a_token_for_another_audience_is_unknown_to_a_service(cas: Cas) -> None:
    cas.identities["clients"]["demo-app"]["resource-ids"] = ["stock-service"]
    cas.write()
    token = await _until_audience(cas, ["stock-service"])
    assert (await cas.check(token, "order-service")).status_code == 400
    assert (await cas.check(token, "stock-service")).status_code == 200


async def _until_audience(cas: Cas, audience: list[str]) -> str:
    while True:
        token = await cas.client_token()
        if read_jwt(token).claims()["aud"] == audience:
            return token


async def test_a_rotated_key_goes_on_verifying_while_it_is_mounted(cas: Cas) -> None:
    old = await cas.client_token()
    cas.identities["signing-keys"] |= {
        name.removeprefix("signing-keys."): text for name, text in key_file(NEW, number=1).items()
    }
    cas.write()
    wanted = private_key(pem(number=1)).id
    while read_jwt(new := await cas.client_token()).key_id != wanted:
        pass
    for token in (old, new):
        await verified(cas, token)
        assert (await cas.check(token, replica=1)).status_code == 200


async def test_redis_has_no_jwt_and_no_key(cas: Cas, redis: int) -> None:
    from redis import Redis  # noqa: PLC0415 - the fixture has its name

    pair = await cas.user_tokens()
    await cas.refresh(pair["refresh_token"])
    with Redis(port=redis) as client:
        found = b"".join(client.dump(key) or b"" for key in client.scan_iter())
    assert pair["access_token"].split(".")[2].encode() not in found
    assert b"PRIVATE KEY" not in found


async def test_a_token_that_nobody_would_take_is_not_issued(cas: Cas) -> None:
    """Readers take 4,096 characters (docs/bounds.md)."""
    cas.identities["users"]["alice"]["authorities"] = [f"ROLE_{n:0200}" for n in range(30)]
    cas.write()
    form = {"grant_type": "password", "username": "alice", "password": "alice-secret"}
    while (reply := await cas.post("/oauth/token", form, "demo-app")).status_code == 200:
        pass
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_scope")
    assert "too long" in reply.json()["error_description"]


class TestConfiguration:
    """What a load refuses."""

    def load(self, directory: Path, *, more: dict[str, Any], **client: Any) -> CasSettings:
        live: LiveConfig[CasSettings] = loaded(
            directory, {"clients": {"app": {**APP, **client}}, **more}
        )
        return live.settings

    @pytest.mark.parametrize(
        ("client", "server", "named"),
        [
            ({"token-format": "jwt"}, {}, "clients.app.token-format"),
            ({}, {"token-format": "jwt"}, "token-format"),
            (
                {"token-format": "jwt", "signing-alg": "EdDSA"},
                {"signing-keys": {"a": pem()}},
                "clients.app.token-format",
            ),
        ],
    )
    def test_a_client_whose_tokens_no_key_signs_is_named(
        self, tmp_path: Path, client: Any, server: Any, named: str
    ) -> None:
        with pytest.raises(ConfigError, match=r"no key for .* is mounted") as raised:
            self.load(tmp_path, more=server, **client)
        assert raised.value.key == named
        assert "make secrets ROTATE=keys" in str(raised.value)

    def test_a_signed_token_lives_for_a_day_at_most(self, tmp_path: Path) -> None:
        more = {"signing-keys": {"a": pem()}, "access-token-validity": "2d"}
        with pytest.raises(ConfigError, match="more than a day"):
            self.load(tmp_path, more=more, **{"token-format": "jwt"})

    def test_the_default_is_overridden_by_a_client(self, tmp_path: Path) -> None:
        settings = self.load(tmp_path, more={"token-format": "jwt"}, **{"token-format": "opaque"})
        assert settings.clients["app"].token_format == "opaque"

    @pytest.mark.parametrize("algorithm", ["HS256", "none", "ES384", "es256"])
    def test_another_algorithm_is_refused(self, tmp_path: Path, algorithm: str) -> None:
        with pytest.raises(ConfigError):
            self.load(tmp_path, more={}, **{"signing-alg": algorithm})
