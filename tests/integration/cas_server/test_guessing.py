"""Guesses at several replicas of one Redis are limited, and legitimate users can log in."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from eventually import PATIENCE_S
from integration.cas_server.world import BASIC, Cas

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def at(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Send from another loopback address."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(transport=transport, timeout=PATIENCE_S) as http:
        yield http


async def login(
    cas: Cas, http: httpx.AsyncClient, user: str, password: str, replica: int = 0
) -> int:
    form = {"grant_type": "password", "username": user, "password": password}
    url, client = cas.urls[replica] + "/oauth/token", ("demo-app", BASIC["demo-app"])
    return (await http.post(url, data=form, auth=client)).status_code


async def test_replicas_share_their_failure_counts(cas: Cas) -> None:
    """Regression: three replicas allowed thirty guesses a minute instead of the documented ten."""
    async with at("127.0.0.2") as http:
        statuses = [await login(cas, http, "alice", f"guess-{n}", n % 2) for n in range(30)]
    assert Counter(statuses) == {400: 10, 429: 20}


async def test_concurrent_guesses_at_several_replicas_count_like_a_sequence(cas: Cas) -> None:
    async with at("127.0.0.2") as http:
        guesses = (login(cas, http, "alice", f"guess-{n}", n % 2) for n in range(40))
        statuses = Counter(await asyncio.gather(*guesses))
    assert statuses[400] <= 10
    assert statuses.keys() <= {400, 429, 503}


async def test_failed_client_logins_do_not_lock_out_a_user(cas: Cas) -> None:
    """Regression: `client_id=user:alice` counted as alice. Here it comes from her own address."""
    form = {"grant_type": "client_credentials", "client_secret": "x"}
    for name in ["user:alice"] * 6 + ["alice"] * 6:
        await cas.http.post(cas.urls[0] + "/oauth/token", data={**form, "client_id": name})
    assert await cas.user_tokens("alice")


async def test_password_spraying_is_throttled(cas: Cas) -> None:
    async with at("127.0.0.2") as http:
        statuses = [await login(cas, http, f"name-{n}", "Spring2026!", n % 2) for n in range(40)]
    assert statuses[:20] == [400] * 20
    assert statuses[20:].count(400) <= 7  # the waits double from 1 s on: eight take four minutes


async def test_the_owner_logs_in_while_many_addresses_guess(cas: Cas) -> None:
    for n in range(12):
        async with at(f"127.0.3.{n + 1}") as http:
            for guess in range(4):
                await login(cas, http, "alice", f"guess-{guess}", n % 2)
    assert await cas.user_tokens("alice")


async def test_a_too_long_password_counts_as_a_failure_of_the_user(cas: Cas) -> None:
    async with at("127.0.0.2") as http:
        statuses = [await login(cas, http, "alice", "x" * 2000, n % 2) for n in range(11)]
    assert statuses == [400] * 10 + [429]


@pytest.mark.parametrize("length", [2000, 5000])
async def test_a_too_long_secret_counts_as_a_failure_of_the_client(cas: Cas, length: int) -> None:
    form = {"grant_type": "client_credentials"}
    async with at("127.0.0.2") as http:
        statuses = [
            (
                await http.post(
                    cas.urls[n % 2] + "/oauth/token", data=form, auth=("demo-app", "x" * length)
                )
            ).status_code
            for n in range(11)
        ]
    assert statuses == [401] * 10 + [429]


async def test_the_correct_secret_clears_the_failures(cas: Cas) -> None:
    async with at("127.0.0.2") as http:
        for _ in range(2):
            for n in range(9):
                assert await login(cas, http, "alice", f"guess-{n}", n % 2) == 400
            assert await login(cas, http, "alice", BASIC["alice"]) == 200
