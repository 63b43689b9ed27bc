"""Clients that refresh, and people who log in, all the time, and the count of what came of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from story.patience import Noting
from story.work import LOGINS, LOGOUTS, REFRESHES, Tokens, Work, refreshed
from suitectl.errors import CommandFailedError
from suitectl.identities import public_client
from suitectl.login.visitor import Visitor
from suitectl.platform.http import NO_RESPONSE, Reply
from suitectl.story.cast import CAS
from suitectl.story.chapters import code_flow
from suitectl.story.load import PAUSE_S
from suitectl.story.suite import Suite

FAMILIES = 4


@asynccontextmanager
async def refreshing(suite: Suite, patient: Suite, work: Work) -> AsyncIterator[None]:
    """Refresh families of tokens during the block, and use each access token.

    Beside them somebody logs in by the code flow, each time as if for the first time. `patient`
    sends a refused request again. A refused login begins again from its first page: a code is for
    one request (RFC 6749, 4.1.2), whatever came of it.
    """
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(FAMILIES):
            tokens = await patient.user_token("alice")
            group.create_task(_refresh(patient, tokens, work, ended))
        group.create_task(_log_in(suite, patient, work, ended))
        try:
            yield
        finally:
            ended.set()


async def _refresh(suite: Suite, tokens: Tokens, work: Work, ended: asyncio.Event) -> None:
    """Refresh one family until the end, or until it has failed: what follows would fail as well."""
    while not ended.is_set():
        reply = work.add(REFRESHES, await refreshed(suite, tokens))
        if not reply.ok:
            return
        tokens = reply.json()
        await work.use(suite, tokens)
        await asyncio.sleep(PAUSE_S)


async def _log_in(suite: Suite, patient: Suite, work: Work, ended: asyncio.Event) -> None:
    base = await suite.platform.url(*CAS)
    while not ended.is_set():
        visitors: list[Visitor] = []

        async def attempt(visitors: list[Visitor] = visitors) -> Reply:
            noting = Noting(suite.http)
            visitors.append(Visitor(noting, base, lambda *_: None))
            return await logged_in(suite, noting, visitors[-1])

        reply = work.add(LOGINS, await work.patience.persist(attempt))
        if reply.ok:
            tokens = {**reply.json(), "client": public_client()}
            await work.use(patient, tokens)
            work.add(LOGOUTS, await work.patience.persist(visitors[-1].log_out))
            await work.store(patient, tokens)
        await asyncio.sleep(PAUSE_S)


async def logged_in(suite: Suite, noting: Noting, visitor: Visitor) -> Reply:
    """Log in once; return the response with the tokens, or a refusal, or one with the reason."""
    began, once = time.time(), replace(suite, http=noting)
    try:
        form = await code_flow.redeemable(once, visitor)
        return await code_flow.exchanged(once, form)
    except CommandFailedError as error:
        return noting.refusal or Reply(NO_RESPONSE, str(error), {}, began, time.time())
