"""Clients that refresh their tokens all the time, and the count of what came of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from suitectl.identities import login_client
from suitectl.story.load import PAUSE_S, Tally
from suitectl.story.suite import Suite

FAMILIES = 4


@asynccontextmanager
async def refreshing(suite: Suite) -> AsyncIterator[Tally]:
    """Refresh families of tokens during the block, and check each access token at cas-server."""
    tally, ended = Tally(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(FAMILIES):
            tokens = await suite.user_token("alice")
            group.create_task(_refresh(suite, tokens, tally, ended))
        try:
            yield tally
        finally:
            ended.set()


async def _refresh(
    suite: Suite, tokens: Mapping[str, str], tally: Tally, ended: asyncio.Event
) -> None:
    """Refresh one family until the end, or until it has failed: what follows would fail as well."""
    while not ended.is_set():
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        reply = await suite.post("/oauth/token", login_client(), form)
        tally.replies.append(reply)
        if not reply.ok:
            return
        tokens = reply.json()
        asked = {"token": tokens["access_token"]}
        tally.replies.append(await suite.post("/oauth/check_token", "rest-service", asked))
        await asyncio.sleep(PAUSE_S)
