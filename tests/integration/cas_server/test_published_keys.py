"""docs/design/signed-tokens.md, "Published keys": what replicas publish while keys come and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from cas_server.app import create_app
from chassis.jwt.keys import private_key, read_key_set
from chassis.testing import ConfigDirectory, served
from eventually import PATIENCE_S
from signing_keys import NEW, OLD, TO_COME, key_file, pem

pytestmark = pytest.mark.anyio
ES, RS = key_file(OLD), key_file(OLD, "RS256")
NO_REDIS = {"spring.data.redis.port": "1"}


@dataclass
class Replica:
    """A cas-server with its own mount, as kubelet updates each in turn."""

    mount: ConfigDirectory
    url: str
    http: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(self.url + path)

    async def key_ids(self, query: str = "") -> set[str]:
        response = await self.get(f"/oauth/jwks{query}")
        assert response.status_code == 200
        return set(read_key_set(response.content))

    async def publishes(self, *files: dict[str, str]) -> None:
        wanted = {private_key(text).id for file in files for text in file.values()}
        async with asyncio.timeout(PATIENCE_S):
            while await self.key_ids() != wanted:  # noqa: ASYNC110 - asks the replica
                await asyncio.sleep(0.02)


@pytest.fixture
async def replicas(tmp_path: Path) -> AsyncIterator[tuple[Replica, Replica]]:
    async with (
        AsyncExitStack() as stack,
        httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http,
    ):
        running = []
        for number in range(2):
            mount = ConfigDirectory(tmp_path / str(number), {**ES, **RS})
            one = await stack.enter_async_context(
                served(create_app, NO_REDIS, secrets=mount, http=True)
            )
            running.append(Replica(mount, one.url, http))
        yield running[0], running[1]


async def test_the_key_set_is_public_and_may_be_cached(
    replicas: tuple[Replica, Replica],
) -> None:
    response = await replicas[0].get("/oauth/jwks")
    assert response.headers["cache-control"] == "public, max-age=300"
    assert response.headers["content-type"] == "application/json"
    keys: list[dict[str, Any]] = response.json()["keys"]
    assert {(key["alg"], key["use"]) for key in keys} == {("ES256", "sig"), ("RS256", "sig")}
    assert not {"d", "p", "q"} & {name for key in keys for name in key}


async def test_one_type_of_keys_can_be_asked_for(replicas: tuple[Replica, Replica]) -> None:
    assert await replicas[0].key_ids("?kty=RSA") == {private_key(pem("RS256")).id}
    assert await replicas[0].key_ids("?kty=oct") == set()


async def test_a_new_key_is_published_without_a_restart_by_each_replica_in_turn(
    replicas: tuple[Replica, Replica],
) -> None:
    first, second = replicas
    new = key_file(TO_COME, number=1)
    first.mount.swap({**ES, **RS, **new})
    await first.publishes(ES, RS, new)
    await second.publishes(ES, RS)
    second.mount.swap({**ES, **RS, **new})
    await second.publishes(ES, RS, new)


async def test_the_file_of_a_key_may_go(replicas: tuple[Replica, Replica]) -> None:
    """Any other file that settings came from may not (configuration.md)."""
    replicas[0].mount.swap(RS)
    await replicas[0].publishes(RS)
    replicas[0].mount.swap({})
    await replicas[0].publishes()


async def test_a_broken_key_changes_nothing_and_is_named(
    replicas: tuple[Replica, Replica], capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = replicas
    first.mount.swap({**ES, **RS, "signing-keys.broken": "-----BEGIN PRIVATE KEY-----"})
    seen = ""
    async with asyncio.timeout(PATIENCE_S):
        while "configuration rejected" not in seen:
            await asyncio.sleep(0.02)
            seen += capsys.readouterr().out
    assert "signing-keys.broken" in seen
    assert "has no unencrypted private key in PEM" in seen
    await first.publishes(ES, RS)
    first.mount.swap({**ES, **RS, **key_file(NEW, number=1)})
    await first.publishes(ES, RS, key_file(NEW, number=1))


async def test_token_key_is_the_rs256_key_that_signs(replicas: tuple[Replica, Replica]) -> None:
    """Spring Security OAuth reads `value` alone, as a PEM with any kind of key in it."""
    first, _ = replicas
    found = (await first.get("/oauth/token_key")).json()
    assert found.keys() == {"alg", "value"}
    assert found["alg"] == "SHA256withRSA"
    assert found["value"].startswith("-----BEGIN PUBLIC KEY-----\n")
    public = private_key(pem("RS256")).key.public_key
    assert load_pem_public_key(found["value"].encode()) == public


async def test_without_an_rs256_key_there_is_no_token_key(
    replicas: tuple[Replica, Replica],
) -> None:
    replicas[0].mount.swap(ES)
    await replicas[0].publishes(ES)
    response = await replicas[0].get("/oauth/token_key")
    assert (response.status_code, response.json()["error"]) == (404, "not_found")


async def test_the_metadata_names_the_key_set_where_there_are_keys(
    replicas: tuple[Replica, Replica],
) -> None:
    path = "/.well-known/oauth-authorization-server"
    found = (await replicas[0].get(path)).json()
    assert found["jwks_uri"] == "http://cas-server-service/oauth/jwks"
    replicas[0].mount.swap({})
    await replicas[0].publishes()
    assert "jwks_uri" not in (await replicas[0].get(path)).json()
