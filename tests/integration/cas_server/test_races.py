"""Parallel uses of one code, and of one refresh token, over two replicas that are processes.

`make races` has 1,000 rounds of each.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from eventually import PATIENCE_S
from integration.cas_server.cas_process import cas_process
from integration.cas_server.code_flow import CALLBACK, Browser, code_clients
from integration.cas_server.session_world import replica
from integration.cas_server.world import Cas
from redis_process import store as settings_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(0)]
ROUNDS = int(os.environ.get("RACE_ROUNDS", "3"))
PARALLEL = 100
PATIENT = {"server.request-timeout": "60s", "refresh-grace": "60s"}
"""The machine may be too busy for the test to read a response in 5 s, or to retry within 10 s."""


@pytest.fixture
def identities(identities: dict[str, Any], hashes: dict[str, str]) -> dict[str, Any]:
    public = code_clients(hashes)["cli"]
    identities["clients"]["racer"] = public | {
        "redirect-uris": [CALLBACK],
        "require-consent": False,
    }
    return identities


@pytest.fixture
def urls(tmp_path: Path, identities: dict[str, Any], redis: int) -> Iterator[tuple[str, str]]:
    first, second = (tmp_path / name for name in ("first", "second"))
    for directory in (first, second):
        directory.mkdir()
    settings = settings_of(redis) | PATIENT
    with (
        cas_process(first, identities, settings) as one,
        cas_process(second, identities, settings) as other,
    ):
        yield one.url, other.url


@pytest.fixture
async def browser(
    urls: tuple[str, str], identities: dict[str, Any], redis: int
) -> AsyncIterator[Browser]:
    limits = httpx.Limits(max_connections=PARALLEL, max_keepalive_connections=PARALLEL)
    async with (
        replica(redis, identities) as parts,
        httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, limits=limits) as http,
    ):
        cas: Any = Cas(config=None, identities=identities, urls=urls, http=http)  # type: ignore[arg-type]  # nothing changes it
        with Redis(port=redis) as store:
            store.delete("g:f:racer:alice")
        yield Browser(cas, await parts.begin(), client="racer")


async def test_of_parallel_uses_of_a_code_one_succeeds(browser: Browser, redis: int) -> None:
    """docs/design/code-flow.md, "Codes"; the tokens of the one are ended by the others."""
    for _ in range(ROUNDS):
        code = await browser.code()
        uses = (browser.at(number % 2).redeem(code) for number in range(PARALLEL))
        responses = await asyncio.gather(*uses)
        assert Counter(one.status_code for one in responses) == {200: 1, 400: PARALLEL - 1}
        refused = {one.json()["error"] for one in responses if one.status_code == 400}
        assert refused == {"invalid_grant"}
    with Redis(port=redis) as store:
        assert store.zcard("g:f:racer:alice") == 0


async def test_parallel_refreshes_are_one_family(browser: Browser, redis: int) -> None:
    """docs/design/protocol.md, "Refresh tokens": every 200 has the same successor."""
    tokens = (await browser.redeem(await browser.code())).json()
    for number in range(ROUNDS):
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        uses = (browser.at(one % 2).token(form) for one in range(PARALLEL))
        responses = await asyncio.gather(*uses)
        assert {one.status_code for one in responses} == {200}
        assert len({one.text for one in responses}) == 1
        tokens = responses[0].json()
        with Redis(port=redis) as store:
            (family,) = store.zrange("g:f:racer:alice", 0, -1)
            assert isinstance(family, bytes)
            state = store.hget(f"f:{family.decode()}", "state")
        assert isinstance(state, bytes)
        assert state.startswith(b"%d " % (number + 2))
