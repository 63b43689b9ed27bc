"""Clients that refresh, and people who log in, all the time, and the count of what came of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from suitectl.errors import CommandFailedError
from suitectl.identities import login_client
from suitectl.login.visitor import Visitor
from suitectl.platform.http import NO_RESPONSE, Reply
from suitectl.story.cast import CAS
from suitectl.story.chapters import code_flow
from suitectl.story.load import PAUSE_S, Tally
from suitectl.story.suite import Suite

FAMILIES = 4


@asynccontextmanager
async def refreshing(suite: Suite) -> AsyncIterator[Tally]:
    """Refresh families of tokens during the block, and check each access token at cas-server.

    Beside them somebody logs in by the code flow, each time as if for the first time.
    """
    tally, ended = Tally(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(FAMILIES):
            tokens = await suite.user_token("alice")
            group.create_task(_refresh(suite, tokens, tally, ended))
        group.create_task(_log_in(suite, tally, ended))
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


async def _log_in(suite: Suite, tally: Tally, ended: asyncio.Event) -> None:
    while not ended.is_set():
        visitor = Visitor(suite.http, await suite.platform.url(*CAS), lambda *_: None)
        began = time.time()
        try:
            form = await code_flow.redeemable(suite, visitor)
            tally.replies.append(await code_flow.exchanged(suite, form))
            tally.replies.append(await visitor.log_out())
        except CommandFailedError as error:
            tally.replies.append(Reply(NO_RESPONSE, str(error), {}, began, time.time()))
        await asyncio.sleep(PAUSE_S)
