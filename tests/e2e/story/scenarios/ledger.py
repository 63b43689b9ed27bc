"""Tokens issued and revoked during a fault, and a check of every acknowledged write."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from suitectl.identities import credentials
from suitectl.platform.http import Reply, Request
from suitectl.story.cast import APP, CAS
from suitectl.story.suite import Suite
from suitectl.tokens import CLIENT_CREDENTIALS

WRITERS = 4
PAUSE_S = 0.05
EVERY_REVOKED = 5
"""Each writer revokes every fifth of its tokens."""
AT_ONCE = 8
VALID, INVALID = "valid", "invalid"
VERDICTS = {200: VALID, 400: INVALID}


@dataclass(slots=True)
class Ledger:
    """The writes that cas-server acknowledged, and every reply in the order of completion.

    A token whose revocation was not acknowledged may be valid or not.
    """

    valid: set[str] = field(default_factory=set, repr=False)
    revoked: set[str] = field(default_factory=set, repr=False)
    writes: list[Reply] = field(default_factory=list, repr=False)

    def acknowledged(self, since: float) -> list[float]:
        """Return the times of acknowledged writes after a time."""
        return [reply.ended for reply in self.writes if reply.ok and reply.ended > since]

    def outage(self, since: float, until: float) -> float:
        """Return the longest time without an acknowledged write between two times, in seconds."""
        ends = [end for end in self.acknowledged(since) if end < until]
        return max(later - earlier for earlier, later in pairwise((since, *ends, until)))

    async def audit(self, suite: Suite) -> str:
        """Check that acknowledged tokens are valid, and revoked ones are not."""
        valid, revoked = await _checked(suite, self.valid), await _checked(suite, self.revoked)
        suite.reporter.check(
            f"all of {len(self.valid)} acknowledged tokens are valid",
            holds=valid.keys() <= {VALID},
            seen=dict(valid),
        )
        suite.reporter.check(
            f"all of {len(self.revoked)} revoked tokens are invalid",
            holds=revoked.keys() <= {INVALID},
            seen=dict(revoked),
        )
        return (
            f"0 of {len(self.valid):,} acknowledged tokens lost,"
            f" 0 of {len(self.revoked):,} revoked still valid"
        )


@asynccontextmanager
async def issuing(suite: Suite, *, writers: int = WRITERS) -> AsyncIterator[Ledger]:
    """Issue tokens and revoke some of them during the block. Each request is sent once."""
    ledger, ended = Ledger(), asyncio.Event()
    base = await suite.platform.url(*CAS)
    async with asyncio.TaskGroup() as group:
        for _ in range(writers):
            group.create_task(_write(suite, base, ledger, ended))
        try:
            yield ledger
        finally:
            ended.set()


async def _write(suite: Suite, base: str, ledger: Ledger, ended: asyncio.Event) -> None:
    issued = 0
    while not ended.is_set():
        token = await _issue(suite, base, ledger)
        if token is not None:
            issued += 1
            if issued % EVERY_REVOKED == 0:
                await _revoke(suite, base, ledger, token)
        await asyncio.sleep(PAUSE_S)


async def _issue(suite: Suite, base: str, ledger: Ledger) -> str | None:
    reply = await _post(suite, f"{base}/oauth/token", CLIENT_CREDENTIALS, ledger)
    if not reply.ok:
        return None
    token = str(reply.json()["access_token"])
    ledger.valid.add(token)
    return token


async def _revoke(suite: Suite, base: str, ledger: Ledger, token: str) -> None:
    ledger.valid.remove(token)
    if (await _post(suite, f"{base}/oauth/revoke", {"token": token}, ledger)).ok:
        ledger.revoked.add(token)


async def _post(suite: Suite, url: str, form: dict[str, str], ledger: Ledger) -> Reply:
    request = Request("POST", url, basic=credentials(APP), form=form)
    reply = await suite.http.send(request, keep_alive=True)
    ledger.writes.append(reply)
    return reply


async def _checked(suite: Suite, tokens: set[str]) -> Counter[str]:
    """Count the check_token verdicts of these tokens, and any other response verbatim."""
    places, url = asyncio.Semaphore(AT_ONCE), await suite.platform.url(*CAS) + "/oauth/check_token"
    caller = credentials("rest-service")

    async def check(token: str) -> str:
        async with places:
            request = Request("POST", url, basic=caller, form={"token": token})
            reply = await suite.http.send(request, keep_alive=True)
            return VERDICTS.get(reply.status, f"{reply.status} {reply.body}")

    return Counter(await asyncio.gather(*(check(token) for token in tokens)))
