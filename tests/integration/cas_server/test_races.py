"""Parallel uses of one code, and of one refresh token, over two replicas that are processes.

RACE_ROUNDS says how often: `.ci/run` has 1,000 rounds of each, `make races` as many as one likes.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from eventually import PATIENCE_S
from integration.cas_server.cas_process import cas_process
from integration.cas_server.code_flow import CALLBACK, Browser, code_clients
from integration.cas_server.racers import PARALLEL, Racers, racers
from integration.cas_server.session_world import replica
from integration.cas_server.world import Cas
from redis_process import store as settings_of
from repetitions import RACES, repetitions

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(0)]
ROUNDS = repetitions(RACES, 3)
FAMILIES = "g:f:racer:alice"
SETTINGS = {
    # The machine may be too busy for the test to read a response in 5 s, or to retry within 10 s.
    "server.request-timeout": "60s",
    "refresh-grace": "60s",
    # So that connections end under the racers: each end has to be announced.
    "server.max-connection-age": "2s",
}


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
    settings = settings_of(redis) | SETTINGS
    with (
        cas_process(first, identities, settings) as one,
        cas_process(second, identities, settings) as other,
    ):
        yield one.url, other.url


@pytest.fixture
async def browser(
    urls: tuple[str, str], identities: dict[str, Any], redis: int
) -> AsyncIterator[Browser]:
    async with (
        replica(redis, identities) as parts,
        httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http,
    ):
        cas: Any = Cas(config=None, identities=identities, urls=urls, http=http)  # type: ignore[arg-type]  # nothing changes it
        with Redis(port=redis) as store:
            store.delete(FAMILIES)
        yield Browser(cas, await parts.begin(), client="racer")


@pytest.fixture
async def racing(urls: tuple[str, str]) -> AsyncIterator[Racers]:
    async with racers(urls) as clients:
        yield clients


async def test_of_parallel_uses_of_a_code_one_succeeds(
    browser: Browser, racing: Racers, redis: int, tell: Callable[[str], None]
) -> None:
    """docs/design/code-flow.md, "Codes"; the tokens of the one are ended by the others."""
    for number in range(ROUNDS):
        tell(f"round {number + 1:,} of {ROUNDS:,}")
        responses = await racing.race(browser.redemption(await browser.code()))
        assert Counter(one.status for one in responses) == {200: 1, 400: PARALLEL - 1}
        refused = {json.loads(one.body)["error"] for one in responses if one.status == 400}
        assert refused == {"invalid_grant"}
    with Redis(port=redis) as store:
        assert store.zcard(FAMILIES) == 0


async def test_parallel_refreshes_are_one_family(
    browser: Browser, racing: Racers, redis: int, tell: Callable[[str], None]
) -> None:
    """docs/design/protocol.md, "Refresh tokens": every 200 has the same successor."""
    tokens = (await browser.redeem(await browser.code())).json()
    with Redis(port=redis) as store:
        for number in range(ROUNDS):
            tell(f"round {number + 1:,} of {ROUNDS:,}")
            form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
            responses = await racing.race({"client_id": browser.client, **form})
            assert {one.status for one in responses} == {200}
            (body,) = {one.body for one in responses}
            tokens = json.loads(body)
            (family,) = store.zrange(FAMILIES, 0, -1)
            assert isinstance(family, bytes)
            state = store.hget(f"f:{family.decode()}", "state")
            assert isinstance(state, bytes)
            assert state.startswith(b"%d " % (number + 2))
