"""Tokens issued and revoked while something happens, and whether cas-server kept its word."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from suitectl.identities import APP, CAS, credentials
from suitectl.platform.http import Reply, Request
from suitectl.story.suite import Suite

WRITERS = 4
PAUSE_S = 0.05
EVERY_REVOKED = 5
"""Each writer revokes every fifth of its tokens."""
AT_ONCE = 8
ALIVE, DEAD = "alive", "dead"
VERDICTS = {200: ALIVE, 400: DEAD}


@dataclass(slots=True)
class Ledger:
    """What cas-server acknowledged, and each reply to a write in the order of their ends.

    A token whose revocation was not acknowledged may be either.
    """

    alive: set[str] = field(default_factory=set, repr=False)
    revoked: set[str] = field(default_factory=set, repr=False)
    writes: list[Reply] = field(default_factory=list, repr=False)

    @property
    def failed(self) -> list[Reply]:
        """Return the writes that were not acknowledged."""
        return [reply for reply in self.writes if not reply.ok]

    def acknowledged(self, since: float) -> list[float]:
        """Return the moments at which writes were acknowledged after another moment."""
        return [reply.ended for reply in self.writes if reply.ok and reply.ended > since]

    def outage(self, since: float, until: float) -> float:
        """Return the longest time without an acknowledged write between two moments, in seconds."""
        ends = [end for end in self.acknowledged(since) if end < until]
        return max(later - earlier for earlier, later in pairwise((since, *ends, until)))

    async def audit(self, suite: Suite) -> str:
        """Check each token: those acknowledged are alive, those revoked dead."""
        alive, revoked = await _checked(suite, self.alive), await _checked(suite, self.revoked)
        suite.reporter.check(
            f"all of {len(self.alive)} acknowledged tokens are alive",
            holds=alive.keys() <= {ALIVE},
            seen=dict(alive),
        )
        suite.reporter.check(
            f"all of {len(self.revoked)} revoked tokens are dead",
            holds=revoked.keys() <= {DEAD},
            seen=dict(revoked),
        )
        return (
            f"0 of {len(self.alive):,} acknowledged tokens lost,"
            f" 0 of {len(self.revoked):,} revoked alive"
        )


@asynccontextmanager
async def issuing(suite: Suite, *, writers: int = WRITERS) -> AsyncIterator[Ledger]:
    """Have tokens issued and some of them revoked, each request sent once."""
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
    form = {"grant_type": "client_credentials"}
    reply = await _post(suite, f"{base}/oauth/token", form, ledger)
    if not reply.ok:
        return None
    token = str(reply.json()["access_token"])
    ledger.alive.add(token)
    return token


async def _revoke(suite: Suite, base: str, ledger: Ledger, token: str) -> None:
    ledger.alive.remove(token)
    if (await _post(suite, f"{base}/oauth/revoke", {"token": token}, ledger)).ok:
        ledger.revoked.add(token)


async def _post(suite: Suite, url: str, form: dict[str, str], ledger: Ledger) -> Reply:
    request = Request("POST", url, basic=credentials(APP), form=form)
    reply = await suite.http.send(request, keep_alive=True)
    ledger.writes.append(reply)
    return reply


async def _checked(suite: Suite, tokens: set[str]) -> Counter[str]:
    """Count what check_token says of these tokens, and every other answer as it is."""
    places, url = asyncio.Semaphore(AT_ONCE), await suite.platform.url(*CAS) + "/oauth/check_token"
    caller = credentials("rest-service")

    async def check(token: str) -> str:
        async with places:
            request = Request("POST", url, basic=caller, form={"token": token})
            reply = await suite.http.send(request, keep_alive=True)
            return VERDICTS.get(reply.status, f"{reply.status} {reply.body}")

    return Counter(await asyncio.gather(*(check(token) for token in tokens)))
